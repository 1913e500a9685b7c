import type { Compared } from "../../cli/comparison/groups.ts"

let made = 0

/** A run as it is compared, of which a test says what matters to it. */
export const comparedRun = ({
  params = {},
  metrics = {},
  recipe = null
}: {
  readonly params?: Compared["params"]
  readonly metrics?: Readonly<Record<string, number>>
  readonly recipe?: string | null
}): Compared => {
  made += 1
  const run = `20261124-101500-${String(made).padStart(6, "0")}`
  return {
    id: run,
    run,
    pipeline: "transfer",
    status: "done",
    started: "2026-11-24T10:15:00.000Z",
    seconds: 2,
    params,
    git: null,
    nodes: [],
    results: {},
    metrics: new Map(Object.entries(metrics)),
    recipe
  }
}
