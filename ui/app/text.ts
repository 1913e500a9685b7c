import { useEffect } from "preact/hooks"
import { formatSeconds } from "../../kinds/format.ts"

// How the page writes what it knows.

/** `5 min ago`: the larger unit alone. */
export const ago = (started: string, now: number): string => {
  const seconds = (now - Date.parse(started)) / 1000
  if (!(seconds >= 0)) return started
  return seconds < 1 ? "now" : `${formatSeconds(Math.ceil(seconds)).split(" ").slice(0, 2).join(" ")} ago`
}

/** A moment as a clock on the wall of whoever reads it tells it. */
export const moment = (started: string): string => new Date(started).toLocaleString(undefined, { hourCycle: "h23" })

/** As many digits of a number as tell it from others in a column. */
const DIGITS = 6

/** A parameter's value, in few letters; nothing where there is none. */
export const valueText = (value: unknown): string => {
  if (value === undefined) return ""
  if (typeof value === "number") return String(Number(value.toPrecision(DIGITS)))
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** Says in the browser's tab and history what the page shows. */
export const useTitle = (title: string): void => {
  useEffect(() => {
    document.title = title
  }, [title])
}
