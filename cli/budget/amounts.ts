import { type Effect, Either } from "effect"
import type { Option } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40
}
const SIZE = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKMGT]?i?B)$/
export const SIZE_EXPECTED = "a number with its unit: 20GB, 20GiB or 500 MB"

const MILLIS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }
const AGE = /^(\d{1,6})([mhdw])$/
export const AGE_EXPECTED = "minutes, hours, days or weeks: 90m, 12h, 30d or 2w"

/** A number of bytes as it is typed; null where it is none. */
export const bytesIn = (text: string): number | null => {
  const [, number, unit = ""] = SIZE.exec(text) ?? []
  const scale = UNITS[unit]
  if (number === undefined || scale === undefined) return null
  const bytes = Math.round(Number(number) * scale)
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** Milliseconds as they are typed; null where they are none. */
export const millisIn = (text: string): number | null => {
  const [, number, unit = ""] = AGE.exec(text) ?? []
  const scale = MILLIS[unit]
  return number === undefined || scale === undefined ? null : Number(number) * scale
}

const amount =
  (read: (text: string) => number | null) =>
  ({ name, expected, example }: Option, text: string | null): Either.Either<number | null, UsageInvalid> => {
    if (text === null) return Either.right(null)
    const found = read(text)
    return found === null
      ? Either.left(
          new UsageInvalid({ what: `${name} is ${JSON.stringify(text)}`, expected, fix: `Try ${name} ${example}.` })
        )
      : Either.right(found)
  }

/** The size that an option gives; null where it was not given. */
export const sizeOf = (option: Option, text: string | null): Effect.Effect<number | null, UsageInvalid> =>
  amount(bytesIn)(option, text)

/** The age that an option gives, in milliseconds; null where it was not given. */
export const ageOf = (option: Option, text: string | null): Effect.Effect<number | null, UsageInvalid> =>
  amount(millisIn)(option, text)
