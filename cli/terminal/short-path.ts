import * as path from "node:path"

/** A path as short as it gets: relative only to something below. */
export const shortPath = (file: string): string => {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith("..") ? file : relative
}
