import type { RunRecord } from "../../engine/RunRecord.ts"
import { formatCounted } from "../../kinds/format.ts"

/** How many points a sweep has, or trials a tune; null for a run. */
export const sizeText = ({ sweep, tune }: RunRecord): string | null =>
  tune !== undefined
    ? formatCounted(new Set(tune.trials.map(({ trial }) => trial)).size, "trial")
    : sweep === undefined
      ? null
      : formatCounted(sweep.points.length, "point")
