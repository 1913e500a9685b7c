import { type RunRecord, trialsOf } from "../../engine/RunRecord.ts"
import { formatCounted } from "../../kinds/format.ts"

/** How many points a sweep has, or trials a tune; null for a run. */
export const sizeText = ({ sweep, tune }: RunRecord): string | null =>
  tune !== undefined
    ? formatCounted(trialsOf(tune), "trial")
    : sweep === undefined
      ? null
      : formatCounted(sweep.points.length, "point")
