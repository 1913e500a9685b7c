import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ObjectStore, StoreFailed } from "../../cache/ObjectStore.ts"
import { wrap } from "../rig/broken.ts"
import * as Graphs from "../rig/random-graphs.ts"
import * as Session from "../rig/session.ts"

const list = (from: number): Graphs.List => ({ from, step: 1, length: 9 })
const open = (...nodes: ReadonlyArray<Graphs.NodeShape>) =>
  Session.open({ shape: { nodes }, lists: [list(1), list(2)], by: nodes.map(() => 1) })
const take = (from: number): Graphs.NodeShape => ({ stage: "take", list: from, from: [] })
const added = () => open(take(0), take(1), { stage: "add", list: 0, from: [0, 1] })

const objectsOf = (session: Session.Session, node: number) =>
  [...session.traces.values()]
    .filter((trace) => trace.text.params.node === node)
    .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ parts }) => parts.map(({ object }) => object)))
const lose = (session: Session.Session, node: number) => {
  for (const object of objectsOf(session, node)) session.objects.delete(object)
}
const flip = (session: Session.Session, node: number) => {
  for (const object of objectsOf(session, node)) {
    const bytes = session.objects.get(object) ?? new Uint8Array()
    session.objects.set(
      object,
      bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte))
    )
  }
}

/** What is planned and what then becomes of each node, by number. */
const compare = (session: Session.Session) =>
  Effect.gen(function* () {
    const { nodes } = yield* Session.plan(session)
    const record = yield* Session.run(session)
    expect(record.status).toBe("done")
    return nodes
      .map(({ node, status }, index) => [Graphs.numberOf(node), status, record.nodes[index]?.status] as const)
      .sort(([a], [b]) => a - b)
      .map(([, planned, became]) => [planned, became])
  })

it.effect("lost bytes that only an undecided node needs leave their own node undecided", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    Session.apply(session, { _tag: "List", list: 1, to: list(5) })
    lose(session, 0)
    const { nodes } = yield* Session.plan(session)
    const undecided = nodes.find(({ node }) => Graphs.numberOf(node) === 0)
    expect(undecided?.reasons).toMatchObject([
      { _tag: "ObjectLost", what: "missing" },
      { _tag: "Undecided", ancestors: [expect.stringContaining("node=1]")] }
    ])
    expect(yield* compare(session)).toEqual([
      ["maybe", "ran"],
      ["run", "ran"],
      ["maybe", "ran"]
    ])
  })
)

const plannedOf = (session: Session.Session, node: number) =>
  Effect.map(Session.plan(session), ({ nodes }) => nodes.find((each) => Graphs.numberOf(each.node) === node))

it.effect("a node whose own code was edited runs, whatever the node above it comes to", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    Session.apply(session, { _tag: "List", list: 1, to: list(5) })
    Session.apply(session, { _tag: "Code", stage: "add" })
    const planned = yield* plannedOf(session, 2)
    expect(planned).toMatchObject({ status: "run", key: null })
    // nothing is said of the input, of which nobody knows what it will be
    expect(planned?.reasons).toEqual([{ _tag: "CodeChanged", files: ["stages/add.ts"], via: null }])
    expect(yield* compare(session)).toEqual([
      ["reuse", "reused"],
      ["run", "ran"],
      ["run", "ran"]
    ])
  })
)

it.effect("a node of which a result is kept with the code and parameters that it has again may run", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    Session.apply(session, { _tag: "Param", node: 2, to: 3 })
    yield* Session.run(session)
    Session.apply(session, { _tag: "Param", node: 2, to: 1 })
    Session.apply(session, { _tag: "Code", stage: "take" })
    expect((yield* plannedOf(session, 2))?.status).toBe("maybe")
    // the first edit changes nothing of what it does
    expect(yield* compare(session)).toEqual([
      ["run", "ran"],
      ["run", "ran"],
      ["maybe", "reused"]
    ])
  })
)

it.effect("a node runs of which no result was made of an input that is known, whatever the others come to", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    Session.apply(session, { _tag: "List", list: 0, to: list(3) })
    yield* Session.run(session)
    for (const [key, { text }] of session.traces) if (text.stage === "add") session.traces.delete(key)
    Session.apply(session, { _tag: "List", list: 0, to: list(1) })
    yield* Session.run(session)
    Session.apply(session, { _tag: "List", list: 0, to: list(3) })
    Session.apply(session, { _tag: "List", list: 1, to: list(5) })
    expect(yield* plannedOf(session, 2)).toMatchObject({
      status: "run",
      reasons: [{ _tag: "InputChanged", name: "b" }]
    })
  })
)

it.effect("lost bytes that a node certainly reads are made again, whatever else it waits for", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    Session.apply(session, { _tag: "List", list: 1, to: list(5) })
    Session.apply(session, { _tag: "Code", stage: "add" })
    flip(session, 0)
    expect(yield* compare(session)).toEqual(Array(3).fill(["run", "ran"]))
  })
)

it.effect("lost bytes that nobody needs are nobody's business", () =>
  Effect.gen(function* () {
    const session = added()
    yield* Session.run(session)
    lose(session, 0)
    flip(session, 1)
    expect(yield* compare(session)).toEqual(Array(3).fill(["reuse", "reused"]))
  })
)

it.effect("a row stage that finds its chunks needs its input to be there, and does not open it", () =>
  Effect.gen(function* () {
    const session = open(take(0), { stage: "double", list: 0, from: [0] })
    yield* Session.run(session)
    const dropTrace = () => {
      for (const [key, { text }] of session.traces) if (text.stage === "double") session.traces.delete(key)
    }
    dropTrace()
    flip(session, 0)
    expect(yield* compare(session)).toEqual([
      ["reuse", "reused"],
      ["run", "ran"]
    ])
    dropTrace()
    lose(session, 0)
    expect(yield* compare(session)).toEqual([
      ["run", "ran"],
      ["run", "ran"]
    ])
  })
)

it.effect("a damaged chunk takes the input that it is made from", () =>
  Effect.gen(function* () {
    const session = open(take(0), { stage: "double", list: 0, from: [0] }, { stage: "total", list: 0, from: [0] })
    yield* Session.run(session)
    flip(session, 0)
    flip(session, 1)
    lose(session, 2)
    expect(yield* compare(session)).toEqual(Array(3).fill(["run", "ran"]))
  })
)

it.effect("an object that cannot be read is no damage to be mended, but a failure of the store", () =>
  Effect.gen(function* () {
    const session = open(take(0), { stage: "total", list: 0, from: [0] })
    yield* Session.run(session)
    for (const [key, { text }] of session.traces) if (text.stage === "total") session.traces.delete(key)
    const refused = new StoreFailed({ what: "Reading failed (EIO)", expected: "a disk", fix: "Check it." })
    const plan = Session.plan(session, (parts) => ({
      objects: wrap(ObjectStore, parts.objects, (store) => ({ ...store, get: () => refused, check: () => refused }))
    }))
    expect(yield* Effect.flip(plan)).toBe(refused)
  })
)
