import * as fs from "node:fs"
import * as path from "node:path"
import { crc32, deflateRawSync, deflateSync } from "node:zlib"
import { Effect } from "effect"
import sharp from "sharp"
import { Header } from "tar"
import type { Files } from "../../artifacts/Files.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import * as Archive from "../../images/services/Archive.ts"
import type { Limits } from "../../images/services/ArchiveRules.ts"
import { folder } from "./folder.ts"

export interface Packed {
  readonly path: string
  readonly bytes?: Uint8Array | string
  /** A tar's type, such as "SymbolicLink"; a zip knows "File" and "SymbolicLink". */
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO"
}

const bytesOf = ({ bytes = "" }: Packed): Buffer => Buffer.from(bytes)

const blocks = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])

/** A tar as its bytes, with whatever paths and types are asked for. */
export const tar = (entries: ReadonlyArray<Packed>, end = Buffer.alloc(1024)): Buffer =>
  Buffer.concat([
    ...entries.map((entry) => {
      const type = entry.type ?? "File"
      const body = type === "File" ? bytesOf(entry) : Buffer.alloc(0)
      const header = new Header({ path: entry.path, type, size: body.length, mode: 0o644, mtime: new Date(0) })
      if (type === "SymbolicLink" || type === "Link") header.linkpath = "/etc/passwd"
      header.encode()
      return Buffer.concat([header.block ?? Buffer.alloc(512), blocks(body)])
    }),
    end
  ])

/** What a zip's packer can do otherwise than usual, for every entry. */
export interface Packing {
  readonly flags?: number
  readonly crc?: number
  /** The number of the system that it says it was made on; 3, Unix, by default. */
  readonly system?: number
  readonly method?: number
  /** How a path becomes the bytes of a name; UTF-8 by default. */
  readonly name?: (path: string) => Buffer
  /** Extra fields of the archive's directory. */
  readonly extra?: (path: string) => Buffer
}

/** A zip as its bytes. */
export const zip = (entries: ReadonlyArray<Packed>, packing: Packing = {}): Buffer => {
  const parts: Array<Buffer> = []
  const directory: Array<Buffer> = []
  let offset = 0
  for (const entry of entries) {
    const body = bytesOf(entry)
    const packed = deflateRawSync(body)
    const name = packing.name?.(entry.path) ?? Buffer.from(entry.path)
    const extra = packing.extra?.(entry.path) ?? Buffer.alloc(0)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(packing.flags ?? 0x800, 2)
    common.writeUInt16LE(packing.method ?? 8, 4)
    common.writeUInt32LE(packing.crc ?? crc32(body), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(body.length, 18)
    common.writeUInt16LE(name.length, 22)
    const mode = entry.type === "SymbolicLink" ? 0o120777 : 0o100644
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    const central = Buffer.from(common)
    central.writeUInt16LE(extra.length, 24)
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, packing.system ?? 3]), central, tail, name, extra)
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name, packed])
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, Buffer.from("PK\x05\x06", "latin1"), end])
}

/** A picture of one colour, in the format that the name's ending says. */
export const picture = (
  name: string,
  width = 8,
  height = 8,
  background: { readonly r: number; readonly g: number; readonly b: number } = { r: 200, g: 100, b: 50 }
): Promise<Buffer> => {
  const image = sharp({ create: { width, height, channels: 3, background } })
  return (name.endsWith(".png") ? image.png() : image.jpeg()).toBuffer()
}

/** A PNG that says it has this size; its pixels are missing. */
export const hugePng = (width: number, height: number): Buffer => {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data])
    const frame = Buffer.alloc(4)
    frame.writeUInt32BE(data.length)
    const check = Buffer.alloc(4)
    check.writeUInt32BE(crc32(body))
    return Buffer.concat([frame, body, check])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1")
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1000))),
    chunk("IEND", Buffer.alloc(0))
  ])
}

/** Puts an archive, or a folder of entries, on disk. */
export const onDisk = (name: string, content: Uint8Array | ReadonlyArray<Packed>): string => {
  const at = path.join(folder("archives"), name)
  if (content instanceof Uint8Array) fs.writeFileSync(at, content)
  else {
    for (const entry of content) {
      fs.mkdirSync(path.dirname(path.join(at, entry.path)), { recursive: true })
      fs.writeFileSync(path.join(at, entry.path), bytesOf(entry))
    }
  }
  return at
}

export const digests = FileDigests.layer({ directory: path.join(folder("digests"), "sources") })

/** A path as a resolved source. */
export const files = (at: string): Effect.Effect<Files, never, FileDigests> =>
  Effect.gen(function* () {
    const { digest } = yield* (yield* FileDigests).of(at)
    return { digest, path: at, label: path.basename(at), notice: null }
  }).pipe(Effect.orDie)

/** An archive as a tree. */
export const opened = (at: string, limits?: Limits) =>
  Effect.gen(function* () {
    const source = yield* files(at)
    const [listed] = (yield* (yield* FileDigests).listing(at)).files
    return yield* Archive.open(source, listed?.stamp ?? "", limits)
  }).pipe(Effect.provide(digests))
