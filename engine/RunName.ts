/**
 * When a run began, as its name begins: to the millisecond, the first three digits after the second dash. In UTC, so that
 * names sort by time.
 */
export const stampOf = (millis: number): string => {
  const second = new Date(millis)
    .toISOString()
    .replace(/[-:]|\.\d+Z/g, "")
    .replace("T", "-")
  return `${second}-${(millis % 1000).toString(16).padStart(3, "0")}`
}

/**
 * The newest first, by the runs' names. One that is dated after `now` was named by a clock that was ahead, and nobody knows
 * when it really was: it comes after all others instead of being the newest until that time has come.
 */
export const newestFirst = <A>(all: ReadonlyArray<A>, nameOf: (one: A) => string, now: number): ReadonlyArray<A> => {
  const stamp = stampOf(now)
  const isAhead = (one: A) => nameOf(one).slice(0, stamp.length) > stamp
  const sorted = [...all].sort((a, b) => (nameOf(a) < nameOf(b) ? 1 : -1))
  return [...sorted.filter((one) => !isAhead(one)), ...sorted.filter(isAhead)]
}
