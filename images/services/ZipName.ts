import type { Entry } from "yauzl"
import type { Separators } from "./ArchiveRules.ts"

/** The upper half of IBM's code page 437, in which a zip's names are where nothing says otherwise (APPNOTE.TXT, appendix D). */
const upperHalf =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0"

const codePage437 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : (upperHalf[byte - 0x80] ?? ""))).join("")

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const asUtf8 = (bytes: Uint8Array): string | null => {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** Info-ZIP's extra field with the name in UTF-8 beside a header's own in another encoding (APPNOTE.TXT 4.6.9). */
const unicodePath = 0x7075
/** Its version, and the CRC-32 of the header's name that it stands for: a stale one is to be passed over. */
const unicodePathStart = 5

const besideOf = (header: Entry, crc32: (bytes: Uint8Array) => number): string | null => {
  const field = header.extraFields.find(({ id }) => id === unicodePath)?.data
  if (field === undefined || field.length < unicodePathStart || field[0] !== 1) return null
  return field.readUInt32LE(1) === crc32(header.fileNameRaw) ? asUtf8(field.subarray(unicodePathStart)) : null
}

/** Of those that may have made an entry, the systems whose names may hold a backslash (APPNOTE.TXT 4.4.2). */
const unix = 3
const darwin = 19

export interface ZipName {
  readonly name: string
  readonly separators: Separators
  /** Whether nobody can tell what the user wrote. */
  readonly isUnsure: boolean
}

/** Letters of the code page: what it makes of names in Shift-JIS, GBK or Latin-1 has signs, lines or Greek letters among them. */
const letters = /^[\p{ASCII}\p{Script=Latin}]*$/u

/**
 * The name of an entry as its user wrote it: UTF-8 where the archive has it, whether it is marked so or not, since text in
 * another encoding hardly ever is UTF-8 by chance; else code page 437, where it gives letters. A backslash parts folders where the entry was made
 * on a system whose names can't hold one, as by .NET on Windows.
 */
export const of = (header: Entry, crc32: (bytes: Uint8Array) => number): ZipName => {
  const bytes = header.fileNameRaw
  const system = header.versionMadeBy >>> 8
  const isOfUnix = system === unix || system === darwin
  const inUtf8 = besideOf(header, crc32) ?? asUtf8(bytes)
  if (inUtf8 !== null) return { name: inUtf8, separators: isOfUnix ? "/" : "/\\", isUnsure: false }
  const name = codePage437(bytes)
  // on a Unix they are in whatever its user's locale was; in Shift-JIS a backslash may be half of a letter
  return { name, separators: "/", isUnsure: isOfUnix || name.includes("\\") || !letters.test(name) }
}
