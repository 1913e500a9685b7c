import * as fs from "node:fs/promises"
import { codeOf } from "../../cache/disk.ts"

/** Removes a folder that nobody needs any more; one that can't be removed harms nobody either. */
export const discard = (folder: string): Promise<void> =>
  fs.rm(folder, { recursive: true, force: true }).catch(() => undefined)

/**
 * Puts the folder `aside` in the place of `target`, also when another process does the same at this moment; where it
 * fails, the old one is back. For an instant between the two renames there is none: a link could be swapped without that,
 * but `cp -r results/transfer` would copy the link.
 */
export const swapIn = async (aside: string, target: string): Promise<void> => {
  const old = `${aside}.old`
  for (let tries = 0; ; tries++) {
    await fs.rename(target, old).catch(() => undefined)
    try {
      await fs.rename(aside, target)
      break
    } catch (cause) {
      const code = codeOf(cause)
      if (tries > 50 || (code !== "ENOTEMPTY" && code !== "EEXIST")) {
        await fs.rename(old, target).catch(() => undefined)
        throw cause
      }
      await discard(old)
    }
  }
  await discard(old)
}
