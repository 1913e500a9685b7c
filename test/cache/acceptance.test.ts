import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as fc from "fast-check"
import * as Digest from "../../artifacts/Digest.ts"
import { type Acceptance, changesBetween, servingFor } from "../../cache/Acceptance.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import * as Key from "../../cache/Key.ts"
import { generate } from "../../cache/remote/Signature.ts"
import { StoreListener } from "../../cache/StoreListener.ts"
import { codeOf } from "../rig/code.ts"
import { folder } from "../rig/folder.ts"

// An acceptance replaces code by earlier code, and nothing else: no result of another key serves by it.

const codes = ["one", "two", "three"] as const
type Of = (typeof codes)[number]
const code = (of: Of) => codeOf(of, { "stages/a.ts": of })

interface Made {
  readonly own: Of
  readonly streamed: Of
  readonly rate: number
  readonly content: string
  readonly fact: string
}
/** The text of a node that has one streamed input. */
const text = ({ own, streamed, rate, content, fact }: Made): Key.KeyText => ({
  format: 2,
  stage: "train",
  params: { rate },
  inputs: {
    pixels: {
      stage: "normalize",
      over: "images",
      params: {},
      inputs: { images: Digest.ofBytes(content) },
      code: code(streamed),
      facts: {}
    }
  },
  code: code(own),
  facts: { fact },
  environment: {},
  outputs: { model: "Model@1" }
})
const keyOf = (made: Key.KeyText) => Either.getOrThrow(Key.ofText(made))
const base: Made = { own: "one", streamed: "one", rate: 1, content: "a", fact: "x" }

const accepting = (from: Partial<Made>, to: Partial<Made>, id = "0123456789ab"): Acceptance => {
  const changes = changesBetween(text({ ...base, ...from }), text({ ...base, ...to }))
  if (changes[0] === undefined) throw new Error("no code differs")
  return AcceptancesDisk.sign(
    {
      schema: 1,
      id,
      stage: "train",
      changes: [changes[0], ...changes.slice(1)],
      because: "the same",
      by: "ada",
      accepted: id
    },
    null
  )
}
const served = (made: Made, ...acceptances: ReadonlyArray<Acceptance>) =>
  Either.getOrThrow(servingFor(text(made), acceptances)).map(({ key }) => key)

const anything = fc.record<Made>({
  own: fc.constantFrom(...codes),
  streamed: fc.constantFrom(...codes),
  rate: fc.constantFrom(1, 2),
  content: fc.constantFrom("a", "b"),
  fact: fc.constantFrom("x", "y")
})
/** What is to hold of whatever tells which keys serve a node whose code "two" was accepted in the place of "one". */
const law = (serving: (made: Made) => ReadonlyArray<Key.Key>) =>
  fc.property(anything, (made) => {
    const expected = made.own === "two" ? [keyOf(text({ ...made, own: "one" }))] : []
    expect(serving(made)).toEqual(expected)
  })
const acceptance = accepting({ own: "one" }, { own: "two" })

it("what earlier code made of the same parameters, inputs and facts serves, and nothing else", () => {
  fc.assert(law((made) => served(made, acceptance)))
})

it.each<[string, (made: Made) => ReadonlyArray<Key.Key>]>([
  ["forgets parameters", (made) => served({ ...made, rate: 1 }, acceptance)],
  ["forgets contents", (made) => served({ ...made, content: "a" }, acceptance)],
  ["forgets facts", (made) => served({ ...made, fact: "x" }, acceptance)],
  ["forgets streamed code", (made) => served({ ...made, streamed: "one" }, acceptance)],
  ["takes any code for what was accepted", (made) => served({ ...made, own: "two" }, acceptance)],
  ["serves nothing", () => []]
])("one that %s is caught by that", (_, broken) => {
  expect(fc.check(law(broken)).failed).toBe(true)
})

it("acceptances follow one another, and in a circle nobody goes round", () => {
  const [second, third, back] = [
    accepting({ own: "one" }, { own: "two" }, "000000000001"),
    accepting({ own: "two" }, { own: "three" }, "000000000002"),
    accepting({ own: "three" }, { own: "one" }, "000000000003")
  ]
  const key = (own: Of) => keyOf(text({ ...base, own }))
  const three = { ...base, own: "three" as const }
  expect(served(three, second, third)).toEqual([key("two"), key("one")])
  expect(served(three, second, third, back)).toEqual([key("two"), key("one")])
  expect(Either.getOrThrow(servingFor(text(three), [second, third]))[1]?.by).toEqual([third, second])
})

it("changes that were accepted together serve together alone, and of no other stage", () => {
  const both = accepting({}, { own: "two", streamed: "two" })
  expect(served({ ...base, own: "two", streamed: "two" }, both)).toEqual([keyOf(text(base))])
  expect(served({ ...base, own: "two" }, both)).toEqual([])
  expect(served({ ...base, streamed: "two" }, both)).toEqual([])
  expect(served({ ...base, own: "two", streamed: "two" }, { ...both, stage: "evaluate" })).toEqual([])
})

it.effect(
  "an acceptance is kept, signed and revoked; one that was changed, moved or forged holds no more, which is told",
  () =>
    Effect.gen(function* () {
      const home = folder("headrace-acceptances")
      const heard: Array<string> = []
      const all = Effect.provideService(AcceptancesDisk.all(home), StoreListener, (message) =>
        Effect.sync(() => void heard.push(message))
      )
      const { signed: _, ...said } = accepting({ own: "one" }, { own: "two" })
      const signed = AcceptancesDisk.sign(said, generate().writer)
      yield* AcceptancesDisk.put(home, signed)
      expect(yield* all).toEqual([signed])
      const file = path.join(home, "accepted", `${said.id}.json`)
      const whole = fs.readFileSync(file, "utf8")
      for (let at = 0; at < whole.length; at += 7) {
        fs.writeFileSync(file, whole.slice(0, at) + String.fromCharCode(whole.charCodeAt(at) ^ 1) + whole.slice(at + 1))
        expect(yield* all).toEqual([])
      }
      fs.rmSync(file)
      // sealed, and by somebody who has not the key's secret
      yield* AcceptancesDisk.put(home, { ...signed, because: "another reason" })
      expect(yield* all).toEqual([])
      expect(heard.at(-1)).toContain("is not as it was signed")
      yield* AcceptancesDisk.remove(home, said.id)
      fs.writeFileSync(path.join(home, "accepted", "ba9876543210.json"), whole)
      expect(yield* all).toEqual([])
      expect(heard.at(-1)).toContain("is that of another")
    })
)
