import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type AnyArtifact, KIND_NAME, type Stored } from "../../artifacts/Artifact.ts"
import { partsOf } from "../../artifacts/Explained.ts"
import * as Text from "../../artifacts/Text.ts"
import { layerMemory, ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import type { Block, Found, Kind } from "../../kinds/Kind.ts"
import { traceOf } from "./store-contract.ts"

/** What of a kind reads the bytes of an artifact. */
export type Face = "decode" | "value" | "inspect" | "drawing" | "export"

/** An artifact of a kind, a value of it, and what the kind makes of that. */
export interface Sample {
  readonly kind: Kind
  readonly artifact: AnyArtifact
  /** What a stage returns. */
  readonly value: unknown
  /** What is compared of the value that a later stage is given; all of it where left out. */
  readonly given?: (decoded: never) => Effect.Effect<unknown, unknown>
  /** What that is to be, where it is not the value that the stage returned. */
  readonly expected?: unknown
  /** The files of a result named `out`. */
  readonly files: ReadonlyArray<string> | ((stored: Stored) => ReadonlyArray<string>)
  /** The files of an export of the output `out`, or the tag of the error that says why there is none. */
  readonly exported: ReadonlyArray<string> | string
  /** What `inspect` tells programs, or part of that. */
  readonly details: Readonly<Record<string, unknown>>
  /** The faces that refuse bytes which no stage wrote; the others take any. */
  readonly refuses: ReadonlyArray<Face>
  /** What such a refusal may call the artifact, beside its name and version. */
  readonly called?: string
  /** Parts of which any bytes of their length mean something, such as weights. */
  readonly opaque?: ReadonlyArray<string>
}

const foundOf = ({ artifact }: Sample, stored: Stored, output = "out"): Found => ({
  pipeline: "p",
  node: "n",
  trace: traceOf("s", 1),
  output,
  stored,
  artifact
})

const encoded = ({ artifact, value }: Sample) => Effect.flatMap(ObjectStore, ({ put }) => artifact.encode(value, put))

const decoded = ({ artifact, given = Effect.succeed }: Sample, stored: Stored) =>
  Effect.gen(function* () {
    const value: unknown = yield* artifact.decode(stored, readPart(yield* ObjectStore))
    return yield* given(value as never)
  })

const expectedOf = (sample: Sample): unknown => ("expected" in sample ? sample.expected : sample.value)

/** The bytes of all files of an export, by name. */
const exported = (sample: Sample, stored: Stored, output?: string) =>
  Effect.gen(function* () {
    const { files } = yield* sample.kind.export(foundOf(sample, stored, output))
    return yield* Effect.forEach(files, ({ file, bytes }) =>
      Effect.map(Stream.runCollect(bytes), (pieces) => ({ file, bytes: Buffer.concat([...pieces]) }))
    )
  })

/** What each face makes of stored bytes; null for one that the kind lacks. */
const FACES: Readonly<
  Record<Face, (sample: Sample, stored: Stored) => Effect.Effect<unknown, unknown, ObjectStore> | null>
> = {
  decode: decoded,
  value: ({ kind: { value } }, stored) =>
    value === null ? null : Effect.flatMap(ObjectStore, (store) => value(stored, readPart(store))),
  inspect: (sample, stored) => sample.kind.inspect(foundOf(sample, stored)),
  drawing: ({ kind: { drawing } }, stored) => drawing?.(stored) ?? null,
  export: exported
}

const textOf = (block: Block): string => {
  if (typeof block === "string") return block
  if ("rows" in block)
    return [block.title, ...block.columns.map(({ header }) => header), ...block.rows.flat()].join("\n")
  return "title" in block ? block.title : ""
}

const stringsIn = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

/** A name of a file that stays in the folder it is written to. */
const expectInside = (files: ReadonlyArray<string>) => {
  expect(new Set(files).size).toBe(files.length)
  for (const file of files) for (const part of file.split("/")) expect(part).toMatch(/^(?!\.+$)[\w.-]+$/)
}

/** An error that says by name what is wrong, as people are told of it. */
const expectNamed = (error: unknown, { artifact }: Stored, { called = artifact }: Sample) => {
  const what = Text.show(partsOf(error)?.what ?? "")
  expect(
    [artifact, called].some((name) => what.includes(name)),
    String(error)
  ).toBe(true)
}

const HOSTILE: Readonly<Record<string, (whole: Uint8Array) => Uint8Array>> = {
  "no bytes": () => new Uint8Array(),
  "the first half": (whole) => whole.slice(0, whole.length >> 1),
  noise: (whole) => whole.map((byte, at) => byte ^ (at * 31 + 7)),
  "JSON nested 100,000 deep": () => Buffer.from("[".repeat(100_000)),
  "an object of a prototype": () => Buffer.from('{"__proto__":{"polluted":true}}')
}

/** The artifact with one of its parts replaced by other bytes, which are whole: only a decoder can tell. */
const forged = (stored: Stored, at: number, bytes: Uint8Array) =>
  Effect.map(
    Effect.flatMap(ObjectStore, ({ put }) => put(bytes)),
    (object): Stored => ({
      ...stored,
      parts: stored.parts.map((part, index) => (index === at ? { ...part, object, bytes: bytes.length } : part))
    })
  )

type Check = (sample: Sample) => Effect.Effect<void, unknown, ObjectStore>

/** What every kind keeps to, whoever defined it: a sentence, and what holds a kind to it. */
export const KIND_CONTRACT = {
  "its artifacts are stored under its name": (sample) =>
    Effect.gen(function* () {
      const { kind, artifact } = sample
      const stored = yield* encoded(sample)
      expect(kind.name).toMatch(KIND_NAME)
      expect([artifact.kind, stored.kind]).toEqual([kind.name, kind.name])
    }),
  "a stage is given the value that another returned, which has the same digests each time": (sample) =>
    Effect.gen(function* () {
      const stored = yield* encoded(sample)
      expect(yield* encoded(sample)).toEqual(stored)
      expect(stored.bytes).toBe(stored.parts.reduce((sum, { bytes }) => sum + bytes, 0))
      expect(yield* decoded(sample, JSON.parse(JSON.stringify(stored)))).toEqual(expectedOf(sample))
    }),
  "the files of a result are copies of what is stored, under names that stay in the folder": (sample) =>
    Effect.gen(function* () {
      const stored = yield* encoded(sample)
      const files = sample.kind.files("out", stored)
      const names = files.map(({ file }) => file)
      expect(names).toEqual(typeof sample.files === "function" ? sample.files(stored) : sample.files)
      expectInside(names)
      const kept = new Map(stored.parts.map(({ object, bytes }) => [object, bytes]))
      for (const { object, bytes } of files) expect(kept.get(object)).toBe(bytes)
    }),
  "an export has whole files under names that stay in the folder, or says by name why there is none": (sample) =>
    Effect.gen(function* () {
      const stored = yield* encoded(sample)
      const [error, files] = yield* Effect.match(exported(sample, stored), {
        onFailure: (error) => [error, []] as const,
        onSuccess: (files) => [null, files] as const
      })
      if (typeof sample.exported === "string") {
        expect(error).toMatchObject({ _tag: sample.exported })
        return expectNamed(error, stored, sample)
      }
      expect(error).toBeNull()
      expect(files.map(({ file }) => file)).toEqual(sample.exported)
      for (const { bytes } of files) expect(bytes.length).toBeGreaterThan(0)
      // a trace may come from elsewhere, and call an output as it likes
      expectInside((yield* exported(sample, stored, "../../out")).map(({ file }) => file))
    }),
  "inspect tells programs in JSON what it tells people": (sample) =>
    Effect.gen(function* () {
      const stored = yield* encoded(sample)
      const { blocks, details } = yield* sample.kind.inspect(foundOf(sample, stored))
      expect(details).toMatchObject(sample.details)
      expect(JSON.parse(JSON.stringify(details))).toEqual(details)
      const text = blocks.map(textOf).join("\n")
      for (const told of stringsIn(details)) expect(text).toContain(told)
      for (const block of blocks)
        if (typeof block !== "string" && "rows" in block)
          for (const row of block.rows) expect(row.length).toBe(block.columns.length)
    }),
  "what it says as JSON is what was stored, and what inspect tells": (sample) =>
    Effect.gen(function* () {
      const stored = yield* encoded(sample)
      const value = FACES.value(sample, stored)
      if (value === null) return
      expect(yield* value).toEqual(expectedOf(sample))
      expect((yield* sample.kind.inspect(foundOf(sample, stored))).details).toMatchObject({ value: yield* value })
    }),
  "its drawing is an SVG": (sample) =>
    Effect.gen(function* () {
      const drawing = FACES.drawing(sample, yield* encoded(sample))
      if (drawing !== null) expect(yield* drawing).toMatch(/^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/)
    }),
  "bytes that no stage wrote are refused by name, and nothing breaks of them": (sample) =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const stored = yield* encoded(sample)
      for (const [at, part] of stored.parts.entries())
        for (const [what, forge] of Object.entries(HOSTILE)) {
          const bytes = forge(yield* store.get(part.object))
          const hostile = yield* forged(stored, at, bytes)
          for (const [face, take] of Object.entries(FACES)) {
            const taken = take(sample, hostile)
            if (taken === null) continue
            const error = yield* Effect.match(taken, { onFailure: (error) => error, onSuccess: () => null })
            if (error !== null) expectNamed(error, stored, sample)
            const isOpaque = sample.opaque?.includes(part.name) === true && bytes.length === part.bytes
            const mayTake = isOpaque || !sample.refuses.includes(face as Face)
            expect(error !== null || mayTake, `${face} of ${what} for ${part.name}`).toBe(true)
          }
        }
      expect("polluted" in {}).toBe(false)
    }),
  "bytes that are gone are told as such by whatever reads them": (sample) =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const stored = yield* encoded(sample)
      yield* Effect.forEach(stored.parts, ({ object }) => store.remove(object))
      for (const [face, take] of Object.entries(FACES)) {
        const taken = take(sample, stored)
        if (taken === null) continue
        const error = yield* Effect.match(taken, { onFailure: (error) => error, onSuccess: () => null })
        if (error !== null && stored.parts.length > 0) expect(error).toMatchObject({ _tag: "ObjectMissing" })
        if (sample.refuses.includes(face as Face)) expect([face, error]).not.toEqual([face, null])
      }
    })
} as const satisfies Readonly<Record<string, Check>>

export type Sentence = keyof typeof KIND_CONTRACT

/** Holds a kind to one sentence, in a store of its own. */
export const holdTo = (sentence: Sentence, sample: Sample): Effect.Effect<void, unknown> =>
  Effect.provide(KIND_CONTRACT[sentence](sample), layerMemory())

/** What every kind keeps to, as tests of an artifact of it. */
export const kindContract = (name: string, sample: Sample) => {
  for (const sentence of Object.keys(KIND_CONTRACT) as ReadonlyArray<Sentence>)
    it.effect(`${name}: ${sentence}`, () => holdTo(sentence, sample))
}
