import fs from "node:fs"

/** What a file's first bytes say that it is. A tar has no such bytes: what is none of the others is taken for one. */
export type ArchiveKind =
  | { readonly kind: "zip" | "gzip" | "tar" }
  /** Known, but not read here; `name` is a noun with its article. */
  | { readonly kind: "unread"; readonly name: string }

const unread: ReadonlyArray<readonly [start: string, name: string]> = [
  ["\xfd7zXZ\0", "packed by xz"],
  ["BZh", "packed by bzip2"],
  ["\x28\xb5\x2f\xfd", "packed by zstd"],
  ["\x04\x22\x4d\x18", "packed by lz4"],
  ["\x1f\x9d", "packed by compress"],
  ["LZIP", "packed by lzip"],
  ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
  ["Rar!\x1a\x07", "a RAR archive"]
]

/** A zip begins with an entry, with its end if it is empty, or with a mark that it has, or had, several volumes. */
const zipStarts = ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00"]

/** A tar's header holds this from its 257th byte on, whatever its first name is. */
const isTar = (bytes: Buffer): boolean => bytes.toString("latin1", 257, 262) === "ustar"

/** What the bytes say themselves; null where they say nothing. */
export const known = (bytes: Buffer): ArchiveKind | null => {
  const start = bytes.toString("latin1", 0, 8)
  if (isTar(bytes)) return { kind: "tar" }
  if (start.startsWith("\x1f\x8b")) return { kind: "gzip" }
  if (zipStarts.some((one) => start.startsWith(one))) return { kind: "zip" }
  const found = unread.find(([one]) => start.startsWith(one))
  return found === undefined ? null : { kind: "unread", name: found[1] }
}

export const of = (bytes: Buffer): ArchiveKind => known(bytes) ?? { kind: "tar" }

/** What a file of this kind is, after "is". */
export const nameOf = (found: ArchiveKind): string => {
  switch (found.kind) {
    case "unread":
      return found.name
    case "gzip":
      return "packed by gzip"
    case "tar":
    case "zip":
      return `a ${found.kind} archive`
  }
}

/** The kind of a file on disk; throws what the operating system refuses. */
export const read = (archive: string): ArchiveKind => {
  const descriptor = fs.openSync(archive, "r")
  try {
    const start = Buffer.alloc(512)
    const read = fs.readSync(descriptor, start, 0, start.length, 0)
    return of(start.subarray(0, read))
  } finally {
    fs.closeSync(descriptor)
  }
}
