// biome-ignore lint/suspicious/noControlCharactersInRegex: what begins an escape sequence is one
const escapes = /\u001b\[[0-?]*[ -/]*[@-~]/g
/** One cell a character, as by far the most of what is printed. */
const plain = /^[\x20-\x7e\xa1-\xac\xae-\xff\u2010-\u2027]*$/
/** Nothing but what is drawn over or into other characters. */
const mark = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u
/** East Asian wide characters, of which no property tells that regular expressions know. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
/** An emoji by itself, or by the selector that asks for one. */
const emoji = /\p{Emoji_Presentation}|\ufe0f/u

/** The characters of a text as people see them: a family, a flag or a letter with its accents is one. */
const charactersOf = (text: string): ReadonlyArray<string> =>
  plain.test(text)
    ? Array.from(text)
    : Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text), ({ segment }) => segment)

const cellsOf = (character: string): number =>
  mark.test(character) ? 0 : wide.test(character) || emoji.test(character) ? 2 : 1

/** Terminal cells a text takes: two for East Asian wide characters and emoji, none for marks and colours. */
export const textWidth = (text: string): number =>
  charactersOf(text.replace(escapes, "")).reduce((cells, character) => cells + cellsOf(character), 0)

/** The text, cut to at most `cells` with an ellipsis at its end. Expects no colours. */
export const truncate = (text: string, cells: number): string => {
  if (textWidth(text) <= cells) return text
  let [kept, width] = ["", 0]
  for (const character of charactersOf(text)) {
    width += cellsOf(character)
    if (width > cells - 1) break
    kept += character
  }
  return cells < 1 ? "" : `${kept}…`
}

/** Writes a count as people read it: 60000 as `60,000`. */
export const formatCount = (count: number): string =>
  // the locale's own formatting takes 12 ms to load, a twentieth of a run that does nothing
  String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",")

/** Writes a count with what is counted, by a noun whose plural ends in s: `1 node`, `60,000 rows`. */
export const formatCounted = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`

/** Three significant digits at most, never fewer than the whole part: 1.23, 12.3, 123, 1,234. */
const significant = (value: number): string =>
  value >= 99.95 ? formatCount(value) : String(Number(value.toPrecision(value < 1 ? 2 : 3)))

/** Writes a number of bytes in decimal units, of which 1 MB has 10^6: `1.2 MB`. */
export const formatBytes = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let value = bytes
  let unit = 0
  // 999.5 kB would round to 1,000 kB
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${significant(value)} ${units[unit]}`
}

/** Writes a time in seconds as people read it: `340 ms`, `1.2 s`, `47 s`, `3 min 5 s`, `2 h 3 min`, `1 d 4 h`. */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  const two = (whole: number, large: string, rest: number, small: string) =>
    rest === 0 ? `${whole} ${large}` : `${whole} ${large} ${rest} ${small}`
  const round = Math.round(seconds)
  if (round < 60) return `${round} s`
  if (round < 3600) return two(Math.floor(round / 60), "min", round % 60, "s")
  const minutes = Math.round(seconds / 60)
  if (minutes < 1440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min")
  const hours = Math.round(seconds / 3600)
  return two(Math.floor(hours / 24), "d", hours % 24, "h")
}

/** `412 images/s`, `3.25 images/s`. */
export const formatRate = (perSecond: number, unit: string): string => `${significant(perSecond)} ${unit}/s`

/** Writes a share in [0, 1] in percent: `79.3 %`. */
export const formatShare = (share: number): string => `${(share * 100).toFixed(1)} %`
