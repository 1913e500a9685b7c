import * as Masked from "../../artifacts/Masked.ts"

/** Text that is HTML already: what `html` made. Everything else is escaped when it is put into HTML. */
export interface Html {
  readonly html: string
}
export type Part = Html | string | number | null | ReadonlyArray<Part>

// biome-ignore lint/suspicious/noControlCharactersInRegex: neither HTML nor XML has them, escaped or not
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g
const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Names of classes, files and errors come from anyone: as text in HTML or XML, and in a quoted attribute, without what is secret. */
export const escaped = (text: string): string =>
  Masked.urls(text)
    .replace(CONTROLS, "\ufffd")
    .replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign)

const textOf = (part: Part): string => {
  if (part === null) return ""
  if (typeof part === "number") return String(part)
  if (typeof part === "string") return escaped(part)
  return "html" in part ? part.html : part.map(textOf).join("")
}

/** A template whose values are escaped, unless they are `Html`; lists are joined, null is nothing. */
export const html = (texts: TemplateStringsArray, ...values: ReadonlyArray<Part>): Html => ({
  html: texts.reduce((whole, text, at) => `${whole}${textOf(values[at - 1] ?? null)}${text}`)
})

/** JSON for a script element that is data: nothing in it ends the element or opens a comment. */
export const json = (value: unknown): Html => ({
  html: JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
})
