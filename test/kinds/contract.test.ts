import { expect, it } from "@effect/vitest"
import { Effect, Exit, Schema, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { AnyArtifact } from "../../artifacts/Artifact.ts"
import * as Bundle from "../../artifacts/Bundle.ts"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import { type Columns, open, tensor } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Figure from "../../artifacts/Figure.ts"
import * as Files from "../../artifacts/Files.ts"
import { layerMemory, ObjectStore } from "../../cache/ObjectStore.ts"
import { besideEachOther, make, read } from "../../kinds/bytes.ts"
import { checkpoint } from "../../kinds/checkpoint.ts"
import { document } from "../../kinds/document.ts"
import { figure } from "../../kinds/figure.ts"
import { files } from "../../kinds/files.ts"
import type { Kind } from "../../kinds/Kind.ts"
import { kindOf, withOwn } from "../../kinds/Kinds.ts"
import { table } from "../../kinds/table.ts"
import { holdTo, kindContract, type Sample, type Sentence } from "../rig/kind-contract.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const Flats = ArrowTable.make("Flats", 1, {
  area: "float64",
  rooms: "int32",
  street: "utf8",
  place: tensor([2], "float32")
})
const flats = {
  rows: 3,
  columns: {
    area: Float64Array.of(50, 60, 70),
    rooms: Int32Array.of(2, 2, 3),
    street: ["A", "B", "A"],
    place: { shape: [2] as const, data: Float32Array.of(0, 1, 2, 3, 4, 5) }
  }
}
const collected = (decoded: never) => ArrowTable.collect<Columns, unknown>(decoded)

kindContract("a table", {
  kind: table,
  artifact: Flats,
  value: ArrowTable.fromBatch(flats, { classes: '["small","large"]' }),
  given: collected,
  expected: flats,
  files: ({ parts }) => parts.map(({ content }) => `out/${content}.arrow`),
  exported: ["out.arrow"],
  details: {
    columns: [
      { name: "area", type: "float64" },
      { name: "rooms", type: "int32" },
      { name: "street", type: "utf8" },
      { name: "place", type: "float32 [2]" }
    ],
    classes: ["small", "large"],
    statistics: {
      rows: 3,
      columns: [
        { column: "area", min: 50, max: 70, mean: 60 },
        { column: "rooms", counts: { 2: 2, 3: 1 } },
        { column: "street", mean: null, counts: { A: 2, B: 1 } },
        { column: "place", values: 6, mean: 2.5, zeros: 1 / 6 }
      ]
    }
  },
  refuses: ["decode", "inspect", "export"]
})

kindContract("a table without rows", {
  kind: table,
  artifact: ArrowTable.make("Plans", 1, { drawing: tensor([open, open, 3], "uint8") }),
  value: { metadata: {}, batches: Stream.empty },
  given: collected,
  expected: null,
  files: [],
  exported: ["out.arrow"],
  details: { columns: [{ name: "drawing", type: "uint8 [?, ?, 3]" }], classes: [], statistics: { rows: 0 } },
  refuses: []
})

const Score = Document.make("Score", 1, Schema.Struct({ mean: Schema.Number, of: Schema.Array(Schema.String) }))
const score = { mean: 0.5, of: ["a", "b"] }
const told: Sample = {
  kind: document,
  artifact: Score,
  value: score,
  files: ["out.json"],
  exported: ["out.json"],
  details: { value: score },
  refuses: ["decode"]
}
kindContract("a document", told)

const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
kindContract("a figure", {
  kind: figure,
  artifact: Figure.make("Sketch", 1),
  value: { "figure.svg": bytes(svg), "figure.png": bytes("png") },
  files: ["out.svg", "out.png"],
  exported: ["out.svg", "out.png"],
  details: {},
  refuses: []
})

kindContract("files", {
  kind: files,
  artifact: Files.make("Rents", 1),
  value: { digest: Digest.ofBytes("rents"), path: "/nowhere/rents.csv", label: "rents.csv", notice: null },
  files: [],
  exported: "OutsideOfCache",
  details: {},
  refuses: []
})

kindContract("a checkpoint", {
  kind: checkpoint,
  artifact: Checkpoint.make("Progress", 1),
  value: { arrays: { weights: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 6) } }, texts: { order: "by epoch" } },
  files: ["out.safetensors"],
  exported: ["out.safetensors"],
  details: { arrays: [{ name: "weights", shape: [2, 2], mean: 3 }], texts: { order: "by epoch" } },
  refuses: ["decode", "inspect"]
})

const scene = make({ name: "scene", isResult: true, isPicture: () => false, value: null })
const Scene = Bundle.make("Scene", 1, "scene", { "scene.gltf": "needed", "scene.bin": "optional" })
kindContract("a bundle of files", {
  kind: scene,
  artifact: Scene,
  value: { "scene.gltf": bytes("{}"), "scene.bin": bytes("points") },
  files: ["out.gltf", "out.bin"],
  exported: ["out.gltf", "out.bin"],
  details: {},
  refuses: []
})

// what a project may define itself, with every face that there is: a count of votes, drawn as bars
const Votes = { ...Document.make("Votes", 1, Schema.Record({ key: Schema.String, value: Schema.Int })), kind: "votes" }
const bars = (counts: ReadonlyArray<number>) =>
  `<svg xmlns="http://www.w3.org/2000/svg">${counts.map((count, at) => `<rect y="${at}" width="${count}"/>`)}</svg>`
const votesIn = (stored: Parameters<Kind["files"]>[1]) =>
  Effect.flatMap(ObjectStore, ({ get }) => Votes.decode(stored, ({ object }) => get(object)))
const votes = make(
  { name: "votes", isResult: true, isPicture: () => false, value: Document.json },
  {
    files: besideEachOther,
    inspect: ({ stored }) =>
      Effect.map(votesIn(stored), (value) => ({
        blocks: [
          {
            columns: [{ header: "party" }, { header: "votes", align: "right" as const }],
            rows: Object.entries(value).map(([party, count]) => [party, String(count)])
          }
        ],
        details: { value, parties: Object.keys(value) }
      })),
    drawing: (stored) => Effect.map(votesIn(stored), (value) => bars(Object.values(value)))
  }
)
const own: Sample = {
  kind: votes,
  artifact: {
    ...Votes,
    encode: (value, put) => Effect.map(Votes.encode(value, put), (stored) => ({ ...stored, kind: "votes" }))
  },
  value: { green: 3, blue: 5 },
  files: ["out.json"],
  exported: ["out.json"],
  details: { value: { green: 3, blue: 5 }, parties: ["blue", "green"] },
  refuses: ["decode", "inspect", "drawing"]
}
kindContract("a kind of a project's own", own)

let times = 0
/** Kinds that lie, each in one thing, and the sentence that finds them out. */
const LIARS: ReadonlyArray<readonly [lie: string, Sentence, Partial<Kind>, Partial<AnyArtifact>?]> = [
  ["calls itself otherwise", "its artifacts are stored under its name", { name: "ballots" }],
  [
    "forgets what it stored",
    "a stage is given the value that another returned, which has the same digests each time",
    {},
    { decode: () => Effect.succeed({}) }
  ],
  [
    "stores when it did",
    "a stage is given the value that another returned, which has the same digests each time",
    {},
    { encode: (value, put) => own.artifact.encode({ ...value, at: ++times }, put) }
  ],
  [
    "writes beside the results",
    "the files of a result are copies of what is stored, under names that stay in the folder",
    { files: (result, stored) => besideEachOther(`../${result}`, stored) }
  ],
  [
    "has files of other bytes",
    "the files of a result are copies of what is stored, under names that stay in the folder",
    {
      files: (result, stored) =>
        besideEachOther(result, stored).map((file) => ({ ...file, object: Digest.ofBytes("others") }))
    }
  ],
  [
    "exports to where the output says",
    "an export has whole files under names that stay in the folder, or says by name why there is none",
    {
      export: (found) =>
        Effect.map(votes.export(found), (all) => ({
          ...all,
          files: all.files.map((file) => ({ ...file, file: `${found.output}.json` }))
        }))
    }
  ],
  [
    "tells programs more than people",
    "inspect tells programs in JSON what it tells people",
    {
      inspect: (found) =>
        Effect.map(votes.inspect(found), ({ blocks, details }) => ({ blocks, details: { ...details, winner: "red" } }))
    }
  ],
  [
    "tells programs what is no JSON",
    "inspect tells programs in JSON what it tells people",
    {
      inspect: (found) =>
        Effect.map(votes.inspect(found), ({ blocks, details }) => ({ blocks, details: { ...details, share: NaN } }))
    }
  ],
  [
    "says another value than it has",
    "what it says as JSON is what was stored, and what inspect tells",
    { value: () => Effect.succeed({ green: 8 }) }
  ],
  ["draws no picture", "its drawing is an SVG", { drawing: () => Effect.succeed("8 votes") }],
  [
    "takes any bytes",
    "bytes that no stage wrote are refused by name, and nothing breaks of them",
    {},
    { decode: (stored, get) => Effect.as(Effect.forEach(stored.parts, get), own.value) }
  ],
  [
    "breaks of what it cannot read",
    "bytes that no stage wrote are refused by name, and nothing breaks of them",
    { drawing: ({ parts: [part] }) => Effect.map(read(part as never), (found) => JSON.parse(String(found))) }
  ],
  [
    "says nothing of bytes that are gone",
    "bytes that are gone are told as such by whatever reads them",
    { inspect: (found) => Effect.orElseSucceed(votes.inspect(found), () => ({ blocks: [], details: {} })) }
  ]
]
it.effect.each(LIARS)("a kind that %s does not keep to: %s", ([_lie, sentence, kind, artifact]) =>
  Effect.gen(function* () {
    yield* holdTo(sentence, own)
    const lying = { ...own, kind: { ...votes, ...kind }, artifact: { ...own.artifact, ...artifact } }
    expect(Exit.isFailure(yield* Effect.exit(holdTo(sentence, lying)))).toBe(true)
  })
)

it.effect("a kind that lacks a face has the general one: nothing is told, nothing drawn, its files are exported", () =>
  Effect.gen(function* () {
    const { put } = yield* ObjectStore
    const stored = yield* Scene.encode({ "scene.gltf": bytes("{}") }, put)
    // one that nothing is known of, since a project that had it is gone
    const unknown = kindOf(withOwn([]), { kind: "hologram" })
    for (const kind of [scene, unknown]) {
      expect(yield* kind.inspect({ stored } as never)).toEqual({ blocks: [], details: {} })
      expect([kind.drawing, kind.isPartial]).toEqual([null, false])
      const exported = yield* kind.export({ stored, output: "out" } as never)
      expect(exported).toMatchObject({ files: [{ file: "out.gltf" }], notes: [], ways: [] })
    }
    expect([scene.isResult, unknown.isResult, unknown.value]).toEqual([true, false, null])
  }).pipe(Effect.provide(layerMemory()))
)

it("a project's kind takes the place of the ready one whose name it has", () => {
  const mine = make({ ...table, isResult: true })
  expect(kindOf(withOwn([mine]), { kind: "table" })).toBe(mine)
  expect(kindOf(withOwn([votes]), { kind: "table" })).toBe(table)
})
