import { readFileSync } from "node:fs"

/** Within the resolution of a file system's clock, a second change of a file leaves its stamp as it is. */
const CLOCK_MILLIS = 2_000

/** What Linux does where nobody set it otherwise: a changed page is due after 30 s, and every 5 s what is due is written. */
const DUE_CENTISECONDS = 3_000
const ROUND_CENTISECONDS = 500

/** A setting of the kernel's; where it is not told, or switched off, what it mostly is. */
const setting = (name: string, otherwise: number): number => {
  try {
    return Number.parseInt(readFileSync(`/proc/sys/vm/${name}`, "latin1"), 10) || otherwise
  } catch {
    return otherwise
  }
}

/**
 * How old a file's change time must be before it tells whether the file changed again. Who writes through a shared memory
 * map moves the times of the file with the first write to a page, and with no other one until the kernel has written that
 * page to the disk: so long, two different contents have the same stamp.
 */
export const racyMillis =
  CLOCK_MILLIS +
  10 * (setting("dirty_expire_centisecs", DUE_CENTISECONDS) + setting("dirty_writeback_centisecs", ROUND_CENTISECONDS))
