import { curves, type History } from "../../cli/report/Chart.ts"
import type { Report } from "../../cli/report/Report.ts"

/** A PNG of 1 by 1 pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64"
)

export const history = (entry: number, label: string, best: number): History => ({
  entry,
  label,
  epoch: [1, 2, 3, 4],
  loss: [1.5, 1, 0.75, 0.5],
  accuracy: [0.4, 0.6, 0.7, 0.8],
  validationLoss: [1.25, 1, null, 0.875],
  validationAccuracy: [0.5, 0.625, best, 0.625]
})

const kinds = { training: "training", validation: "validation" }

export const chartOf = (...histories: ReadonlyArray<History>) =>
  curves(histories, {
    entries: histories.map(({ label }) => label),
    kinds,
    bestEpoch: histories.length === 1 ? 3 : null
  })

const node = { seconds: null, rows: null, bytes: null, reason: null }

export const graph = {
  nodes: [
    { ...node, name: "dataset", status: "source" },
    { ...node, name: "ingest", status: "reused", rows: 5000, bytes: 15_400_000 },
    { ...node, name: "normalize", status: "streamed" },
    { ...node, name: "train[view=2]", status: "ran", seconds: 1.7, reason: "learningRate was 0.001, is 0.003" },
    { ...node, name: "evaluate", status: "ran", seconds: 0.12, reason: "input model was old, is new" }
  ],
  edges: [
    { from: "dataset", to: "ingest" },
    { from: "ingest", to: "normalize" },
    { from: "normalize", to: "train[view=2]" },
    { from: "train[view=2]", to: "evaluate" },
    { from: "ingest", to: "evaluate" }
  ]
} as const

/** A finished run in which everything that a page shows occurs once. */
export const finished: Report = {
  run: "20261124-101500-abcdef",
  pipeline: "transfer",
  description: "A dense head on frozen features",
  status: "done",
  started: "2026-11-24T10:15:00.000Z",
  seconds: 75.4,
  revision: "1a2b3c4 with changes",
  until: [],
  command: "npx pipeline run transfer --epochs 4",
  notices: ["Headrace 0.2.0 makes other keys than 0.1.0, which wrote these results: 2 nodes are computed again, once."],
  failures: [],
  work: { ran: 2, reused: 1 },
  notReached: [],
  metrics: [
    { name: "testAccuracy", value: 0.778 },
    { name: "testLoss", value: 0.6466 },
    { name: "rows", value: 1000 }
  ],
  fits: [
    {
      name: "fit",
      epochs: 4,
      bestEpoch: 3,
      validationAccuracy: 0.75,
      trainingRows: 3600,
      validationRows: 400,
      validation: "held-out"
    }
  ],
  points: null,
  tuned: null,
  remarks: [
    { node: "ingest", told: ["2 classes (cat, dog); 4 images to train on", "1 archive is passed over (x.zip)."] }
  ],
  printed: [{ node: "train[view=2]", text: "step 1\nstep 2", isOpen: false }],
  curves: chartOf(history(0, "train", 0.75)),
  graph,
  figures: [
    {
      name: "curves",
      svg: '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text y="15">figure</text></svg>'
    }
  ],
  sections: [
    {
      title: "Most confident mistakes",
      parts: [
        "222 of 1,000 images are taken for another class.",
        {
          pictures: [
            { png: PIXEL, title: "dog 98.7 %", caption: "is cat 0.4 %", text: "Image 7: cat, taken for dog" },
            { png: PIXEL, title: "truck 91.0 %", caption: "is ship 6.0 %", text: "Image 9: ship, taken for truck" }
          ]
        },
        { title: "Rows", columns: [{ header: "rows", align: "right" }], rows: [["1,000"]] },
        { name: "drawing", svg: '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>' }
      ]
    }
  ],
  params: [
    { name: "learningRate", value: "0.001", fallback: "0.001", differs: false, description: "Step size" },
    { name: "epochs", value: "4", fallback: "10", differs: true, description: "Passes over the training rows" }
  ],
  tables: [
    {
      name: "metrics: classes",
      columns: ["name", "rows", "precision"],
      rows: [
        ["cat", 500, 0.5625],
        ["dog", 500, null]
      ],
      note: "The first 2 of 3 rows.",
      isOpen: false
    }
  ],
  notes: ["A note."]
}

/** A tune of four trials, of which one failed. */
export const tuned: Report = {
  ...finished,
  tuned: {
    wanted: "largest",
    metric: "validationAccuracy",
    unit: "share",
    steps: "epochs",
    rungs: [1, 3],
    best: {
      trial: 2,
      command: "npx pipeline run transfer --learning-rate 0.01",
      params: [
        { name: "learningRate", value: "0.01" },
        { name: "epochs", value: "3" }
      ],
      metrics: [{ name: "testAccuracy", value: 0.71 }]
    },
    params: [
      {
        name: "learningRate",
        ticks: [
          { at: 0, text: "0.001" },
          { at: 1, text: "0.1" }
        ],
        importance: 0.75
      },
      { name: "optimizer", ticks: [{ at: 0.5, text: "adam" }], importance: null }
    ],
    trials: [
      { trial: 1, rung: 0, places: [0, 0.5], score: 0.5, label: "trial 1, learning rate 0.001", curve: [[1, 0.5]] },
      {
        trial: 2,
        rung: 1,
        places: [0.5, 0.5],
        score: 0.75,
        label: "trial 2, learning rate 0.01",
        curve: [
          [1, 0.6],
          [3, 0.75]
        ]
      },
      { trial: 3, rung: 0, places: [1, 0.5], score: null, label: "trial 3, learning rate 0.1", curve: [] }
    ],
    spent: [
      { cost: 1, score: 0.5, rung: 0, label: "trial 1" },
      { cost: 2, score: 0.6, rung: 0, label: "trial 2" },
      { cost: 5, score: 0.75, rung: 1, label: "trial 2" }
    ]
  }
}

/** A run that failed at its training. */
export const failed: Report = {
  ...finished,
  status: "failed",
  metrics: [],
  fits: [],
  curves: null,
  figures: [],
  sections: [],
  tables: [],
  work: { ran: 0, reused: 1 },
  notReached: ["evaluate"],
  failures: [
    {
      node: "train[view=2]",
      error: {
        tag: "Diverged",
        what: "Epoch 2 has a loss of NaN",
        expected: "a finite loss",
        fix: "Try --learning-rate 0.0001."
      }
    }
  ],
  graph: {
    ...graph,
    nodes: graph.nodes.map((each) =>
      each.name === "evaluate"
        ? { ...each, status: "skipped", seconds: null, reason: "train[view=2] failed" }
        : each.status === "ran"
          ? { ...each, status: "failed", seconds: null }
          : each
    )
  }
}

/** What somebody could call a class, a folder or an error. Each would set `window.broken` if it ran. */
export const HOSTILE = `</script></style></title><script>window.broken = 1</script><img src="x" onerror="window.broken = 2">"'><svg onload='window.broken = 3'>&lt;\u2028`

type Plain = null | boolean | number | string | ReadonlyArray<Plain> | { readonly [name: string]: Plain }
const CHOSEN = new Set(["status", "validation", "kind", "unit", "started"])

/** The report with every text that data could decide made hostile. */
export const hostile = (report: Report): Report => {
  const made = new Map<string, string>()
  const change = (value: Plain, field: string): Plain => {
    // an object's fields are ours; texts are told apart by their ends, as edges name nodes
    if (typeof value === "string") {
      if (CHOSEN.has(field) || value === "") return value
      const text = made.get(value) ?? `${HOSTILE}${made.size}`
      made.set(value, text)
      return text
    }
    // pictures have no text
    if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value
    if (Array.isArray(value)) return value.map((each: Plain) => change(each, field))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(each, name)]))
  }
  return change(report as unknown as Plain, "") as unknown as Report
}
