import fc from "fast-check"
import { expect, it } from "vitest"
import { beat, type Listening, listening } from "../../engine/Beats.ts"

const pieces = fc.array(fc.nat({ max: 40 }), { maxLength: 20 })
const cut = (text: string, at: ReadonlyArray<number>) => {
  const pieces: Array<string> = []
  let rest = text
  for (const size of at) {
    pieces.push(rest.slice(0, size))
    rest = rest.slice(size)
  }
  return [...pieces, rest]
}

it("silence lasts since the last beat, in whatever pieces beats arrive", () =>
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), pieces, (turns, at) => {
      const beats = listening(0)
      expect(beats.look(1500).silent).toBe(1500)
      for (const piece of cut(turns.map((turn) => beat(turn, turn)).join(""), at)) beats.hear(piece)
      expect(beats.look(2500).silent).toBe(1000)
      expect(beats.look(3500).silent).toBe(2000)
    })
  ))

it("a worker whose beats go on is never silent, and is still for as long as it takes no turn", () => {
  const beats = listening(0)
  for (let second = 1; second <= 100; second++) {
    beats.hear(beat(7, 0))
    expect(beats.look(second * 1000)).toEqual({ silent: 1000, still: second * 1000 })
  }
  beats.hear(beat(8, 0))
  expect(beats.look(101_000)).toEqual({ silent: 1000, still: 1000 })
})

/** What is said of a worker after its listener slept for an hour and looked twice. */
const afterSleep = (beats: Pick<Listening, "look">) => {
  beats.look(3_600_000)
  return beats.look(3_601_000).silent
}

it("the time that a listener sleeps is not its worker's silence", () => {
  expect(afterSleep(listening(0))).toBeLessThanOrEqual(3000)
})

it("is broken by a listener that goes by its clock alone", () => {
  expect(afterSleep({ look: (now) => ({ silent: now, still: now }) })).toBeGreaterThan(3000)
})

it("the last beat tells what the process holds, also where it is the largest that a machine can", () => {
  const beats = listening(0)
  expect(beats.resident()).toBe(0)
  beats.hear(beat(7, 5))
  beats.hear(beat(4_294_967_295, 64 * 2 ** 40).slice(0, 20))
  expect(beats.resident()).toBe(5)
  beats.hear(beat(4_294_967_295, 64 * 2 ** 40).slice(20))
  expect(beats.resident()).toBe(64 * 2 ** 40)
})

it("what was before somebody waits is not held against a worker", () => {
  const beats = listening(0)
  for (let second = 1; second <= 50; second++) beats.look(second * 1000)
  beats.begin(90_000)
  expect(beats.look(91_000)).toEqual({ silent: 1000, still: 1000 })
})

it("a line that never ends is not kept", () => {
  const beats = listening(0)
  for (let at = 0; at < 1000; at++) beats.hear("1".repeat(1000))
  beats.hear("\n")
  expect(beats.look(1000)).toEqual({ silent: 1000, still: 1000 })
})
