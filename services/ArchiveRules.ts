import { Either, Schema } from "effect"
import { isIgnored } from "./FolderListing.ts"

/** An archive is hostile until checked: this one failed a check, or is damaged. */
export class ArchiveRefused extends Schema.TaggedError<ArchiveRefused>()("ArchiveRefused", {
  archive: Schema.String,
  what: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.archive} ${this.what}; expected ${this.expected}. ${this.fix}`
  }
}

export const truncated = (archive: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: "is truncated",
    expected: "a whole archive",
    fix: "Copy or download it again."
  })

export const damaged = (archive: string, what: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `is damaged (${what})`,
    expected: "a .tar, .tar.gz, .tgz or .zip",
    fix: "Pack it again, or download it again."
  })

export const noArchive = (archive: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: "is no archive, or damaged from its start",
    expected: "a .tar, .tar.gz, .tgz or .zip",
    fix: "Look what is in it (a failed download is often a web page), and get it again."
  })

/** An entry that would land elsewhere. */
export const escaping = (archive: string, raw: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `has an entry ${JSON.stringify(raw)}`,
    expected: "relative paths that stay inside",
    fix: "Don't trust this archive; pack a folder yourself with tar -C FOLDER -czf ARCHIVE ."
  })

export interface Limits {
  /** Unpacked bytes of one entry. */
  readonly entryBytes: number
  /** Unpacked bytes that any archive may have. */
  readonly freeBytes: number
  /** Beyond those, how many bytes one byte of the archive may become; images hardly shrink at all. */
  readonly ratio: number
}

/** A CIFAR-10 batch is 31 MB and a large photograph 50 MB. */
export const limits: Limits = { entryBytes: 256 << 20, freeBytes: 1 << 30, ratio: 100 }

export const isBomb = (unpacked: number, packed: number, { freeBytes, ratio }: Limits): boolean =>
  unpacked > freeBytes && unpacked > packed * ratio

export const bomb = (archive: string, { freeBytes, ratio }: Limits): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `unpacks to more than ${ratio} times its size`,
    expected: `at most that, or at most ${freeBytes} bytes`,
    fix: "It looks like a decompression bomb; if it isn't, unpack it and give the folder."
  })

/**
 * The entry's path as a tree knows it: relative, without "." segments. Null for what is no part of a dataset, such as
 * hidden files.
 */
export const pathOf = (archive: string, raw: string): Either.Either<string | null, ArchiveRefused> => {
  const segments = raw.split(/[/\\]/).filter((segment) => segment !== "" && segment !== ".")
  const isUnsafe = /^[/\\]|^[A-Za-z]:[/\\]|\0/.test(raw) || segments.includes("..")
  if (isUnsafe) return Either.left(escaping(archive, raw))
  return Either.right(segments.length === 0 || segments.some(isIgnored) ? null : segments.join("/"))
}

/** Gathers the entries of one archive, in its order, and refuses what breaks a rule. */
export class Gatherer {
  readonly paths = new Set<string>()

  constructor(
    readonly archive: string,
    readonly limits: Limits
  ) {}

  /** `kind` is null for a regular file, else the words for what it is. */
  admit(raw: string, size: number, kind: string | null): Either.Either<string | null, ArchiveRefused> {
    const { archive } = this
    const refuse = (what: string, expected: string, fix: string) =>
      Either.left(new ArchiveRefused({ archive, what, expected, fix }))
    return Either.flatMap(pathOf(archive, raw), (path) => {
      if (kind !== null) {
        return refuse(
          `has ${kind} as its entry ${JSON.stringify(raw)}`,
          "only regular files and folders",
          "Pack it again without it (tar -h packs what links point to)."
        )
      }
      if (size > this.limits.entryBytes) {
        return refuse(
          `has an entry ${JSON.stringify(raw)} of ${size} bytes`,
          `at most ${this.limits.entryBytes}`,
          "Unpack it and give the folder if the file belongs there."
        )
      }
      if (path === null) return Either.right(null)
      if (this.paths.has(path)) {
        return refuse(`has two entries ${JSON.stringify(path)}`, "one of each path", "Pack it again.")
      }
      this.paths.add(path)
      return Either.right(path)
    })
  }
}
