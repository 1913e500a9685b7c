import type { Progress } from "../../engine/Progress.ts"
import { formatBytes, formatCount, formatSeconds } from "../../kinds/format.ts"

/** When progress was first heard of, and how much was computed then. */
export interface Beginning {
  readonly millis: number
  readonly computed: number
}

export const beginning = (progress: Progress, now: number): Beginning => ({
  millis: now,
  computed: progress.done - progress.reused
})

const amount = (value: number, unit: string): string => (unit === "bytes" ? formatBytes(value) : formatCount(value))

/** Units computed a second, cached ones left out; null before there is anything to go by. */
export const rate = ({ done, reused }: Progress, since: Beginning, now: number): number | null => {
  const seconds = (now - since.millis) / 1000
  const computed = done - reused - since.computed
  return seconds >= 0.5 && computed > 0 ? computed / seconds : null
}

/** `12,800 of 60,000 rows (9,000 cached), 160/s, 4 min 55 s left` */
export const progressText = (progress: Progress, since: Beginning, now: number): string => {
  const { done, total, unit, reused, note } = progress
  const unitName = unit === "bytes" ? "" : ` ${unit}`
  const speed = rate(progress, since, now)
  const many = total === null ? amount(done, unit) : `${amount(done, unit)} of ${amount(total, unit)}`
  return [
    `${many}${unitName}${reused > 0 ? ` (${amount(reused, unit)} cached)` : ""}`,
    ...(speed === null || unit === "epochs" ? [] : [`${amount(Math.round(speed), unit)}/s`]),
    ...(speed === null || total === null || done >= total ? [] : [`${formatSeconds((total - done) / speed)} left`]),
    ...(note === null || unit === "bytes" ? [] : [note])
  ].join(", ")
}
