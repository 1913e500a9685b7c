import * as Digest from "../artifacts/Digest.ts"

// A text file whose first line is the sha256 of the rest, so that a cut or changed one is told from a whole one.

/** What people are told of a file that is not as it was sealed. */
export const DAMAGED = "its bytes were damaged"

/** The text with its seal, as it is written. */
export const close = (text: string): string => `${Digest.ofBytes(text)}\n${text}`

/** The same as bytes. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(close(text))

/** A line of a file whose lines are sealed one by one, so that some of it can be read without the rest. */
export const closeLine = (line: string): string => `${Digest.ofBytes(line)} ${line}\n`

/** What such a line says, without its end; null where it is not what was sealed. */
export const openLine = (sealed: string): string | null => {
  const end = sealed.indexOf(" ")
  const line = sealed.slice(end + 1)
  return end > 0 && Digest.ofBytes(line) === sealed.slice(0, end) ? line : null
}

/** Whether all lines of a file are as they were sealed. */
export const areLines = (text: string): boolean => {
  const lines = text.split("\n")
  return lines.length > 1 && lines.pop() === "" && lines.every((line) => openLine(line) !== null)
}

/** The text, or null where it is not what was sealed. */
export const open = (sealed: string): string | null => {
  const end = sealed.indexOf("\n")
  const text = sealed.slice(end + 1)
  return end > 0 && Digest.ofBytes(text) === sealed.slice(0, end) ? text : null
}
