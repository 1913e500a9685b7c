/**
 * Hiding of what is secret in texts that are kept or shown: the one place that knows what in an address is.
 *
 * @module
 */
import * as Digest from "./Digest.ts"

/** What stands for what is hidden. */
export const MASK = "***"

/** An address in a text, as far as it can go: to what no address has in it, or to the next one. */
const ADDRESS = /\b[a-z][a-z0-9+.-]{0,20}:\/\/(?:(?!\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"'<>`])+/gi
/** A user and a password, or a token for both, stand between the scheme and the last @ before a slash. */
const USER = /(:\/\/)([^/]*)(?=@)/
/** A name and a value, after a question mark, between ampersands, or behind a hash. What ends a sentence or a list is part of neither. */
const PAIR = /([?&;#])([^=&;#?]+)=([^&;#]*?)(?=[.,:)\]]*(?:[&;#]|$))/g
/** Names of values that open a door: those of signed addresses (AWS, Google, Azure) and of every service's tokens. */
const SECRET =
  /(token(?!i[sz]e)|secret|passw(or)?d|passphrase|signature|credential|api[-_.]?key|access[-_.]?key|auth(?!or(?!i[sz]))|session|jwt)|^(key|sig|pwd|pass|code)$/i

/** The text that percent signs stand for, as far as they stand for any. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const hiding = (hide: (secret: string) => string) => {
  const once = (secret: string) => (secret === "" || secret.startsWith(MASK) ? secret : hide(secret))
  const within = (address: string) =>
    address
      .replace(USER, (_, before: string, secret: string) => `${before}${once(secret)}`)
      .replace(PAIR, (pair, before: string, name: string, value: string) =>
        SECRET.test(decoded(name)) ? `${before}${name}=${once(value)}` : pair
      )
  return (text: string): string => (text.includes("://") ? text.replace(ADDRESS, within) : text)
}

/** The text without what is secret in the addresses that it has: `https://***@host/cats.zip?token=***`. */
export const urls: (text: string) => string = hiding(() => MASK)

/** The same, where another secret must make another text: its digest stands for it. */
export const urlsByDigest: (text: string) => string = /* @__PURE__ */ hiding(
  (secret) => `${MASK}${Digest.short(Digest.ofBytes(secret))}`
)

/** A text that was to be an address, and may be none: whatever stands before an @ in it is hidden. */
export const address = (text: string): string => urls(text.replace(/(^|:\/\/|[/?=&\s])[^/?=&\s]+@/g, `$1${MASK}@`))

/** Whether an object has no other fields than those that it lists, and is nobody's class. */
const isPlain = (value: object): value is Readonly<Record<string, unknown>> =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value))

/**
 * The same in every text of a value made of JSON. Where there is nothing to hide it is the value itself, and so is any part of it:
 * what is no JSON stays what it is, for whoever refuses it.
 */
export const within = <A>(mask: (text: string) => string, value: A): A => hiddenIn(mask, value) as A

const hiddenIn = (mask: (text: string) => string, value: unknown): unknown => {
  if (typeof value === "string") return mask(value)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    const hidden = value.map((one) => hiddenIn(mask, one))
    return hidden.every((one, at) => Object.is(one, value[at])) ? value : hidden
  }
  if (!isPlain(value)) return value
  const hidden = Object.entries(value).map(([name, one]) => [name, hiddenIn(mask, one)] as const)
  return hidden.every(([name, one]) => Object.is(one, value[name])) ? value : Object.fromEntries(hidden)
}
