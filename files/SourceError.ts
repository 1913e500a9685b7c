import { Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import * as OpenFiles from "../artifacts/OpenFiles.ts"
import * as Text from "../artifacts/Text.ts"

/** The operating system does not give the bytes of a source. */
export class SourceUnreadable extends Explained.TaggedError<SourceUnreadable>()(
  "SourceUnreadable",
  {
    path: Schema.String,
    what: Schema.String
  },
  ({ path, what }) =>
    OpenFiles.isExhausted(what)
      ? OpenFiles.parts(`${path} cannot be read: ${what}`)
      : {
          what: `${path} cannot be read: ${what}`,
          expected: "a readable file or folder",
          fix: "Check that it exists, and its permissions."
        }
) {}

/** Something in a folder can be no part of a dataset, such as a link or a device. */
export class SourceRefused extends Explained.TaggedError<SourceRefused>()(
  "SourceRefused",
  { path: Schema.String, ...Explained.fields },
  ({ path, what, expected, fix }) => ({ what: Text.text`${path} ${what}`, expected, fix })
) {}

/** Neither a file nor a folder. Following a link could leave the folder, and the digest. */
export const notRegular = (path: string, kind: string): SourceRefused =>
  new SourceRefused({
    path,
    what: `is ${kind}`,
    expected: "only regular files and folders inside a dataset",
    fix: "Replace it with what it stands for (cp -rL copies a folder without links), or remove it."
  })

/** A name whose bytes no text has: two such names could become one, and the system does not find it by either. */
export const notUtf8 = (path: string): SourceRefused =>
  new SourceRefused({
    path,
    what: "has a name that is not UTF-8",
    expected: "names in UTF-8",
    fix: "Rename such files (convmv -f latin1 -t utf8 -r --notest FOLDER)."
  })

/** A file of a dataset is too large to be held whole, as it has to be while it is decoded. */
export class FileTooLarge extends Explained.TaggedError<FileTooLarge>()(
  "FileTooLarge",
  {
    path: Schema.String,
    bytes: Schema.Int,
    most: Schema.Int
  },
  ({ path, bytes, most }) => ({
    what: `${path} has ${bytes} bytes`,
    expected: `at most ${most}`,
    fix: "Make it smaller, or remove it from the dataset."
  })
) {}

/** A source no longer has the bytes that its digest was taken of. */
export class SourceChanged extends Explained.TaggedError<SourceChanged>()(
  "SourceChanged",
  {
    path: Schema.String,
    label: Schema.String
  },
  ({ path, label }) => ({
    what: `${path} changed while being read`,
    expected: `the bytes ${label} had when the run began`,
    fix: "Run again; if it says so again, touch the file: its times have not told that it changed."
  })
) {}

/** There is no room for what has to be kept aside for a moment, as the order of some archives asks. */
export class TemporaryUnwritable extends Explained.TaggedError<TemporaryUnwritable>()(
  "TemporaryUnwritable",
  {
    folder: Schema.String,
    bytes: Schema.Int,
    what: Schema.String
  },
  ({ folder, bytes, what }) => ({
    what: `The temporary file in ${folder} cannot be written: ${what}`,
    expected: `room for ${Math.ceil(bytes / 1e6)} MB there`,
    fix: "Let TMPDIR name a folder on a disk with room, or unpack the archive and give the folder."
  })
) {}

/** What the system says of an error. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Makes a `SourceUnreadable` of what the system says, to be given where a promise or a call is tried.
 *
 * @example
 * import { readFile } from "node:fs/promises"
 * import { unreadable } from "headrace/files"
 *
 * const bytesOf = (file: string) => Effect.tryPromise({ try: () => readFile(file), catch: unreadable(file) })
 */
export const unreadable =
  (path: string) =>
  (error: unknown): SourceUnreadable =>
    new SourceUnreadable({ path, what: reason(error) })
