import { describe, expect, it } from "@effect/vitest"
import * as Random from "../../api/random.ts"

describe("random numbers", () => {
  it("are Philox4x32-10, as its authors' known answers say", () => {
    const block = new Uint32Array(4)
    Random.philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], block)
    expect([...block]).toStrictEqual([0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1])
  })

  it("depend on seed, purpose, epoch and step, and on nothing drawn before", () => {
    const place = { seed: 1, purpose: "order", epoch: 1, step: 1 } as const
    const others = [
      { seed: 2 },
      { seed: -1 },
      { seed: 1 + 2 ** 32 },
      { purpose: "dropout" as const },
      { epoch: 2 },
      { step: 2 }
    ]
    const drawn = [place, ...others.map((other) => ({ ...place, ...other }))].map((at) => Random.words(at, 6).join())
    expect(new Set(drawn).size).toBe(drawn.length)
    expect(Random.words(place, 6).join()).toBe(drawn[0])
  })
})
