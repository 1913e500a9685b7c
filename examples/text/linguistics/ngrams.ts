/** All runs of `n` characters, the first and last with the blank around the text. */
export const ngrams = (text: string, n: number): ReadonlyArray<string> => {
  const characters = Array.from(` ${text} `)
  return Array.from({ length: Math.max(0, characters.length - n + 1) }, (_, at) =>
    characters.slice(at, at + n).join("")
  )
}

/** FNV-1a over the UTF-16 code units, 32 bits. */
export const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
