import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"

/**
 * A file from which packages are found as this one finds its own, wherever its code is bundled to: npm gives it copies that nobody
 * else finds. Where this package is not found from the running code, that itself.
 */
export const file = (): string => {
  try {
    return createRequire(import.meta.url).resolve("headrace-images/package.json")
  } catch {
    return fileURLToPath(import.meta.url)
  }
}
