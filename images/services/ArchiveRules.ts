import { Either, Schema } from "effect"
import { Explained, Text } from "headrace"
import { isSystem, type LeftOut } from "headrace/files"
import * as ArchiveFault from "./ArchiveFault.ts"

/** An archive is hostile until checked: this one failed a check, or is damaged. */
export class ArchiveRefused extends Explained.TaggedError<ArchiveRefused>()(
  "ArchiveRefused",
  {
    archive: Schema.String,
    ...Explained.fields
  },
  ({ archive, what, expected, fix }) => ({ what: Text.text`${archive} ${what}`, expected, fix })
) {}

export const truncated = (archive: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: "is truncated",
    expected: "a whole archive",
    fix: "Copy or download it again."
  })

/** Archives one after the other in one file, of which a reader sees the first alone. */
export const several = (archive: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: "goes on with another archive behind its end",
    expected: "one archive",
    fix: "Unpack all of them (tar --ignore-zeros -xf FILE) and give the folder, or pack it again."
  })

/** The last part of a zip that was split into several files. */
export const severalDisks = (archive: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: "is a part of a zip in several files",
    expected: "a whole archive",
    fix: "Join them (zip -s 0 FILE.zip --out WHOLE.zip), or unpack them and give the folder."
  })

/** An archive of a kind that is known but not read here. */
export const unreadKind = (archive: string, kind: string): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `is ${kind}, which is not read here`,
    expected: "a .tar, .tar.gz, .tgz or .zip",
    fix: "Unpack it and give the folder."
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
  /** Entries of any kind, folders and what is left out among them: all their names are held in memory. */
  readonly entries: number
  /** Unpacked bytes of one entry. */
  readonly entryBytes: number
  /** Unpacked bytes that any archive may have. */
  readonly freeBytes: number
  /** Beyond those, how many bytes one byte of the archive may become; images hardly shrink at all. */
  readonly ratio: number
}

/** A CIFAR-10 batch is 31 MB and a large photograph 50 MB; ImageNet has 1.4 million images, and four million names take a gigabyte. */
export const limits: Limits = { entries: 4_000_000, entryBytes: 256 << 20, freeBytes: 1 << 30, ratio: 100 }

const tooMany = (archive: string, { entries }: Limits): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `has more than ${entries.toLocaleString("en-US")} files and folders`,
    expected: "at most that many in one archive",
    fix: "If it is meant to have them, unpack it and give the folder; else don't trust it."
  })

export const isBomb = (unpacked: number, packed: number, { freeBytes, ratio }: Limits): boolean =>
  unpacked > freeBytes && unpacked > packed * ratio

export const bomb = (archive: string, { freeBytes, ratio }: Limits): ArchiveRefused =>
  new ArchiveRefused({
    archive,
    what: `unpacks to more than ${ratio} times its size`,
    expected: `at most that, or at most ${freeBytes} bytes`,
    fix: "It looks like a decompression bomb; if it isn't, unpack it and give the folder."
  })

/** Which characters part the folders of an entry's name. In a tar, as on POSIX, a backslash is a letter of a name. */
export type Separators = "/" | "/\\"

/**
 * The entry's path as a tree knows it: relative, without "." segments. Null for what is no part of a dataset, such as
 * hidden files and what systems leave behind.
 */
export const pathOf = (
  archive: string,
  raw: string,
  separators: Separators
): Either.Either<string | null, ArchiveRefused> => {
  const segments = raw.split(separators === "/" ? "/" : /[/\\]/).filter((segment) => segment !== "" && segment !== ".")
  // whatever the separators are: nobody's class has such a name, and another program may take it for a path
  const isUnsafe = /^\/|^[A-Za-z]:[/\\]|\0|(^|[/\\])\.\.([/\\]|$)/.test(raw)
  if (isUnsafe || (separators !== "/" && raw.startsWith("\\"))) return Either.left(escaping(archive, raw))
  return Either.right(segments.length === 0 || segments.some(isSystem) ? null : segments.join("/"))
}

/** The longest path that Linux opens. */
const mostPathBytes = 4096
/** Characters of a name that a message shows. */
const mostNameShown = 200

/**
 * Gathers the entries of one archive, in its order. What breaks a rule is counted to the end, so that a refusal says how
 * many there are of the kind that was met first.
 */
export class Gatherer {
  readonly paths = new Set<string>()
  private entries = 0
  private readonly faults = new Map<
    string,
    { readonly fault: ArchiveFault.Fault; readonly example: string; count: number }
  >()

  constructor(
    readonly archive: string,
    readonly limits: Limits,
    private readonly leftOut: LeftOut
  ) {}

  /** Counts one more entry, whatever becomes of it; the refusal where that is one too many. */
  met(): ArchiveRefused | null {
    this.entries += 1
    return this.entries > this.limits.entries ? tooMany(this.archive, this.limits) : null
  }

  /** Counts an entry that breaks a rule. */
  note(fault: ArchiveFault.Fault, raw: string): void {
    const before = this.faults.get(fault.one)
    if (before === undefined) this.faults.set(fault.one, { fault, example: raw, count: 1 })
    else before.count++
  }

  /** The path of a regular file that is to be used; null for one that is left out, or was noted as at fault. */
  admit(
    raw: string,
    size: number,
    fault: ArchiveFault.Fault | null,
    separators: Separators
  ): Either.Either<string | null, ArchiveRefused> {
    return Either.map(pathOf(this.archive, raw, separators), (path) => {
      if (path === null) {
        const system = raw.split(/[/\\]/).find((segment) => segment !== "." && isSystem(segment))
        if (system !== undefined) this.leftOut.add(system)
        return null
      }
      const found = fault ?? this.faultOf(path, size)
      if (found !== null) {
        this.note(found, raw)
        return null
      }
      this.paths.add(path)
      return path
    })
  }

  private faultOf(path: string, size: number): ArchiveFault.Fault | null {
    if (Buffer.byteLength(path) > mostPathBytes) return ArchiveFault.longPath
    if (size > this.limits.entryBytes) return ArchiveFault.tooLarge(this.limits.entryBytes)
    return this.paths.has(path) ? ArchiveFault.twice : null
  }

  /** What the archive is refused for, as far as it was read. */
  get refusal(): ArchiveRefused | null {
    const [first] = this.faults.values()
    if (first === undefined) return null
    const { fault, example, count } = first
    const name = JSON.stringify(example.length > mostNameShown ? `${example.slice(0, mostNameShown)}…` : example)
    return new ArchiveRefused({
      archive: this.archive,
      what: count === 1 ? `has ${fault.one}, ${name}` : `has ${count} ${fault.many}, such as ${name}`,
      expected: fault.expected,
      fix: fault.fix
    })
  }
}
