/** Whose rows the values are taken over: those trained on, or those that choose the best epoch. */
export type Kind = "training" | "validation"

/** One line: values by epoch, ascending. An epoch whose value is not finite has no point, and the line a gap. */
export interface Line {
  /** Which entry of the legend it belongs to. */
  readonly entry: number
  readonly kind: Kind
  readonly label: string
  readonly epochs: ReadonlyArray<number>
  readonly values: ReadonlyArray<number | null>
}

export interface Panel {
  readonly title: string
  readonly unit: "share" | "number"
  readonly lines: ReadonlyArray<Line>
}

/** Learning curves: what the legend names, and a panel a measure. */
export interface Chart {
  readonly entries: ReadonlyArray<string>
  /** What the rows that choose the epoch are called: held-out ones are `validation`. */
  readonly kinds: Readonly<Record<Kind, string>>
  readonly panels: ReadonlyArray<Panel>
  /** The epoch that was kept, where there is one for all lines. */
  readonly bestEpoch: number | null
}

/** A training's history by epoch; null where a value is not finite. */
export interface History {
  readonly entry: number
  readonly label: string
  readonly epoch: ReadonlyArray<number>
  readonly loss: ReadonlyArray<number | null>
  readonly accuracy: ReadonlyArray<number | null>
  readonly validationLoss: ReadonlyArray<number | null>
  readonly validationAccuracy: ReadonlyArray<number | null>
}

/** Accuracy and loss by epoch; null without an epoch. */
export const curves = (
  histories: ReadonlyArray<History>,
  { entries, kinds, bestEpoch }: Omit<Chart, "panels">
): Chart | null => {
  const alone = histories.length === 1
  const line = (history: History, kind: Kind, values: Line["values"]): Line => ({
    entry: history.entry,
    kind,
    label: alone ? kinds[kind] : kind === "training" ? `${history.label}, ${kinds.training}` : history.label,
    epochs: history.epoch,
    values
  })
  const panel = (title: string, unit: Panel["unit"], training: "accuracy" | "loss"): Panel => ({
    title,
    unit,
    lines: histories.flatMap((history) => [
      line(history, "training", history[training]),
      line(history, "validation", history[training === "loss" ? "validationLoss" : "validationAccuracy"])
    ])
  })
  if (histories.every(({ epoch }) => epoch.length === 0)) return null
  const panels = [panel("Accuracy", "share", "accuracy"), panel("Loss", "number", "loss")]
  return { entries, kinds, bestEpoch, panels }
}

/** Round values over an interval, at most `most` of them: multiples of 1, 2 or 5 times a power of ten. */
export const ticks = (low: number, high: number, most: number): ReadonlyArray<number> => {
  const rough = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor(high / step + 1e-9) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}

/** Whole epochs to label, at most `most`. */
export const epochTicks = (low: number, high: number, most: number): ReadonlyArray<number> =>
  high - low < most
    ? Array.from({ length: high - low + 1 }, (_, index) => low + index)
    : ticks(low, high, most).filter((tick) => Number.isInteger(tick))

/** Least and greatest; an interval around the one value there is, and [0, 1] around none. */
export const extent = (values: ReadonlyArray<number>, around: number): readonly [number, number] => {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  if (low > high) return [0, 1]
  return low === high ? [low - around, high + around] : [low, high]
}
