import { Context } from "effect"
import type { TableArtifact } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import type { Columns } from "../artifacts/Column.ts"

/**
 * The artifacts that reports and comparisons draw in ways of their own. All others are shown as the tables, figures and values that they
 * are.
 */
export interface Views {
  /**
   * How a training went, a row an epoch, drawn as curves that one can point at. Columns: `epoch`, and of `loss`, `accuracy`,
   * `validationLoss` and `validationAccuracy` those that it has.
   */
  readonly histories: ReadonlyArray<TableArtifact<string, Columns>>
  /**
   * Documents of what chose the best epoch, told beside the curves. Fields: `epochs`, `bestEpoch`, `validationAccuracy`,
   * `trainingRows`, `validationRows`, and `validation`: `dataset`, `held-out` or `test`.
   */
  readonly fits: ReadonlyArray<AnyArtifact>
  /**
   * Documents of pictures that a classifier took for another class. Fields: `classes`, `rows`, `mistakes`, and `images` with
   * `row`, `label`, `predicted`, `probability`, `labelProbability` and `png` in base64.
   */
  readonly mistakes: ReadonlyArray<AnyArtifact>
  /** Figures that a page leaves out where it draws histories itself. */
  readonly likeHistories: ReadonlyArray<AnyArtifact>
  /** Figures that a page leaves out where it draws mistakes itself. */
  readonly likeMistakes: ReadonlyArray<AnyArtifact>
}

/** The views of the project whose command runs. */
export class Current extends Context.Tag("headrace/Views")<Current, Views>() {}

export const none: Views = { histories: [], fits: [], mistakes: [], likeHistories: [], likeMistakes: [] }
