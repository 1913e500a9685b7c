// Whether a build is as it was made: the digests of its files lie beside them. A disk that loses a bit would have another program run.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const DIGESTS = "digests.json"
/** The basis is compared with the sources themselves, and is written anew where others are. */
export const BASIS = "basis.json"

/** What every command starts from. It is looked at each time, and takes a millisecond. */
export const STARTED_FROM = ["cli.cjs", "code.json", "import.mjs"]
/** What worker processes start from, several times as large: it is looked at once there is something to compute. */
export const WORKED_FROM = ["start.mjs", "worker.mjs"]

const DIGEST_BYTES = 32
const sha256 = (bytes) => createHash("sha256").update(bytes).digest()
const digestIn = (directory, file) => sha256(readFileSync(join(directory, file))).toString("hex")

/** Writes down the digests of a build that has just been made. */
export const writeDigests = (directory) => {
  // a build elsewhere has a link to the project's packages beside its own files
  const own = readdirSync(directory, { withFileTypes: true }).filter((file) => file.isFile() && file.name !== BASIS)
  const files = own.map(({ name }) => name)
  const digests = Object.fromEntries(files.map((file) => [file, digestIn(directory, file)]))
  writeFileSync(join(directory, DIGESTS), closed(Buffer.from(JSON.stringify(digests))))
}

/** Whether files of a build, all of them where none are named, are there as they were made. */
export const isWhole = (directory, named) => {
  try {
    const digests = JSON.parse(opened(readFileSync(join(directory, DIGESTS))).toString())
    return (named ?? Object.keys(digests)).every((file) => digestIn(directory, file) === digests[file])
  } catch {
    return false
  }
}

/** Puts each file of a build in the place of the one that another build of the same has: whoever runs from that finds the same, and all of it. */
export const replaceIn = (directory, made) => {
  for (const file of readdirSync(made)) renameSync(join(made, file), join(directory, file))
}

/** Bytes with their digest before them; and what was closed so, null where it is not as it was. */
export const closed = (bytes) => Buffer.concat([sha256(bytes), bytes])
export const opened = (bytes) => {
  const rest = bytes.subarray(DIGEST_BYTES)
  return sha256(rest).equals(bytes.subarray(0, DIGEST_BYTES)) ? rest : null
}
