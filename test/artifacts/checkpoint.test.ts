import { expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { verified } from "../rig/verified.ts"

const State = Checkpoint.make("State", 1)

const state: Checkpoint.State = {
  arrays: {
    "dense/kernel": { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 6) },
    "dense/bias": { shape: [3], data: Float32Array.of(0, 0.1, -0) },
    step: { shape: [], data: Float32Array.of(7) },
    none: { shape: [0, 4], data: new Float32Array(0) }
  },
  texts: { history: '[{"epoch":1}]', näme: "€ \u0000 😀" }
}

const stored = (bytes: Uint8Array) => {
  const written: Array<Uint8Array> = []
  const write = (given: Uint8Array) => Effect.sync(() => Digest.ofBytes(written[written.push(given) - 1] as Uint8Array))
  return Effect.map(State.encode(state, write), (found): [Stored, Uint8Array] => [found, written[0] ?? bytes])
}
const decode = (bytes: Uint8Array) =>
  Effect.flatMap(stored(bytes), ([found]) => State.decode(found, () => Effect.succeed(verified(bytes))))

it.effect("a state is read as it was written, wherever its bytes lie in memory", () =>
  Effect.gen(function* () {
    const bytes = Checkpoint.encode(state)
    expect(yield* decode(bytes)).toEqual(state)
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    expect(yield* decode(shifted.subarray(1))).toEqual(state)
  })
)

it.effect("its file is what safetensors say: a header's length, JSON, the arrays", () =>
  Effect.gen(function* () {
    const [, bytes] = yield* stored(new Uint8Array())
    const view = Buffer.from(bytes)
    const length = Number(view.readBigUInt64LE())
    const header = JSON.parse(view.toString("utf8", 8, 8 + length))
    expect(length % 8).toBe(0)
    expect(header.__metadata__).toEqual(state.texts)
    expect(header["dense/bias"]).toEqual({ dtype: "F32", shape: [3], data_offsets: [24, 36] })
    expect(view.readFloatLE(8 + length + 28)).toBe(Math.fround(0.1))
  })
)

it("a file that was cut or changed is refused or means a state, and never anything else", () =>
  fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
      const bytes = Uint8Array.from(Checkpoint.encode(state))
      const place = at % bytes.length
      const bad = isCut ? bytes.slice(0, place) : bytes.with(place, byte)
      const exit = await Effect.runPromiseExit(decode(bad))
      if (Exit.isSuccess(exit)) {
        for (const { shape, data } of Object.values(exit.value.arrays))
          expect(data.length).toBe(shape.reduce((size, length) => size * length, 1))
      } else expect(exit.cause).toMatchObject({ _tag: "Fail", error: { _tag: "ArtifactUnreadable" } })
      expect(isCut && Exit.isSuccess(exit)).toBe(false)
    }),
    { numRuns: 500 }
  ))

it.effect("a header of more bytes than there are, or of arrays that overlap, is refused", () =>
  Effect.gen(function* () {
    const bytes = Buffer.from(Checkpoint.encode(state))
    bytes.writeBigUInt64LE(2n ** 60n)
    expect((yield* Effect.flip(decode(bytes))).message).toContain("its header is cut off")
    const json =
      '{"__metadata__":{},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    const overlapping = Buffer.alloc(8 + json.length + 4)
    overlapping.writeBigUInt64LE(BigInt(json.length))
    overlapping.write(json, 8)
    expect((yield* Effect.flip(decode(overlapping))).message).toContain('"b" lies at 0 to 4 of 4 bytes')
  })
)
