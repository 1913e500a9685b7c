import type { NodeStatus, RunRecord } from "../../engine/RunRecord.ts"
import type { Fitted, Part } from "../../project/View.ts"
import type { Told } from "../command/option-text.ts"
import type { Chart } from "./Chart.ts"
import type { Metric } from "./metrics.ts"
import type { Tuned } from "./Tuned.ts"

/** A node of the drawn graph; a source has no record, and is drawn with a status of its own. So is what a run that goes on has not come to yet. */
export interface GraphNode {
  readonly name: string
  readonly status: NodeStatus | "source" | "running" | "waiting" | "planned"
  readonly seconds: number | null
  readonly rows: number | null
  readonly bytes: number | null
  /** Why it ran, or why it did not; null where there is nothing to say. */
  readonly reason: string | null
}

export interface Graph {
  /** In topological order. */
  readonly nodes: ReadonlyArray<GraphNode>
  readonly edges: ReadonlyArray<{ readonly from: string; readonly to: string }>
}

export interface ParamValue {
  readonly name: string
  readonly value: string
  /** Null where the pipeline does not know the parameter any more. */
  readonly fallback: string | null
  readonly differs: boolean
  readonly description: string
}

/** What was told of a training, under the name of its document. */
export interface Fit extends Fitted {
  readonly name: string
}

/** A result that the project draws in its own way. */
export interface OwnSection {
  readonly title: string
  readonly parts: ReadonlyArray<Part>
}

export interface Table {
  readonly name: string
  readonly columns: ReadonlyArray<string>
  /** Numbers are set to the right. */
  readonly rows: ReadonlyArray<ReadonlyArray<string | number | null>>
  /** Said under it, such as that it is cut. */
  readonly note: string | null
  /** Whether it is shown without being asked for. */
  readonly isOpen: boolean
}

export interface Figure {
  readonly name: string
  readonly svg: string
}

/** What failed, in three parts. */
export interface Failed {
  /** Null for a failure of the run as a whole. */
  readonly node: string | null
  readonly error: Told
}

/** A point of a sweep, its values as text. */
export interface Points {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<{
    readonly cells: ReadonlyArray<string | number | null>
    readonly status: RunRecord["status"]
    readonly command: string
  }>
}

/** What a node says of its result, such as which images it left out. */
export interface Remarks {
  readonly node: string
  readonly told: ReadonlyArray<string>
}

/** What a node printed while it was computed, or until it failed. */
export interface Printed {
  readonly node: string
  readonly text: string
  /** Whether it is shown without being asked for. */
  readonly isOpen: boolean
}

/** All that the page of a run says, as plain values. */
export interface Report {
  readonly run: string
  readonly pipeline: string
  readonly description: string
  readonly status: RunRecord["status"]
  readonly started: string
  readonly seconds: number
  /** Which commit the project was at, in words; null outside of version control. */
  readonly revision: string | null
  /** The nodes that it was until; none for one of the whole pipeline. */
  readonly until: ReadonlyArray<string>
  /** The command that makes the same again; null where there is none. */
  readonly command: string | null
  /** What was said of the run as a whole before it computed anything, such as that an upgrade has nodes computed again. */
  readonly notices: ReadonlyArray<string>
  readonly failures: ReadonlyArray<Failed>
  /** How many nodes were computed and found. */
  readonly work: { readonly ran: number; readonly reused: number }
  /** Nodes behind a failure, or behind the end of an interrupted run. */
  readonly notReached: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<Metric>
  readonly fits: ReadonlyArray<Fit>
  readonly points: Points | null
  /** How the best of many trials was looked for; null for what is no tune. */
  readonly tuned: Tuned | null
  readonly remarks: ReadonlyArray<Remarks>
  readonly printed: ReadonlyArray<Printed>
  readonly curves: Chart | null
  /** Null where it has more nodes than a drawing can show. */
  readonly graph: Graph | null
  /** Those of what the page does not draw itself. */
  readonly figures: ReadonlyArray<Figure>
  readonly sections: ReadonlyArray<OwnSection>
  readonly params: ReadonlyArray<ParamValue>
  readonly tables: ReadonlyArray<Table>
  /** What could not be shown, and why. */
  readonly notes: ReadonlyArray<string>
}
