import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { gather } from "../../../cli/report/gather.ts"
import { runPage } from "../../../cli/report/run-page.ts"
import * as Executor from "../../../engine/Executor.ts"
import { Kinds, withOwn } from "../../../kinds/Kinds.ts"
import * as View from "../../../project/View.ts"
import * as Views from "../../../project/Views.ts"
import * as Toys from "../../rig/toys.ts"

/** The report of a run of toys, in a project with these views. */
const reportWith = (...views: ReadonlyArray<View.View>) => {
  Toys.lists.set("drawn", [1, 2, 3])
  return Effect.gen(function* () {
    const record = yield* Toys.runToy({ list: "drawn" })
    return yield* gather([Toys.toy], record)
  }).pipe(
    Effect.provideService(Views.Current, views),
    Effect.provideService(Kinds, withOwn([])),
    Effect.provide(Layer.provideMerge(Executor.layerInProcess(Toys.toy), Toys.memory().layer))
  )
}
const names = (all: ReadonlyArray<{ readonly name: string }>) => all.map(({ name }) => name)

it.effect("a project draws its own artifact as a section of the report, of the value that a stage would be given", () =>
  Effect.gen(function* () {
    const plain = yield* reportWith()
    expect([plain.sections, names(plain.tables)]).toEqual([[], ["text", "total"]])
    const drawn = yield* reportWith(
      View.section(Toys.Total, {
        title: "The total",
        draw: ({ total }) =>
          Effect.succeed([
            `It is ${total}, <b>truly</b>.`,
            { columns: [{ header: "total" }], rows: [[String(total)]] },
            { name: "drawing", svg: "<svg/>" }
          ])
      })
    )
    expect(drawn.sections).toMatchObject([{ title: "The total" }, { title: "The total" }])
    // what is drawn is not told again as a value
    expect([names(drawn.tables), drawn.notes]).toEqual([[], plain.notes])
    const page = runPage(drawn)
    expect(page.match(/<h2 id="own-\d">The total<\/h2>/g)).toHaveLength(2)
    expect(page).toContain("<p>It is 12, &lt;b&gt;truly&lt;/b&gt;.</p>")
    expect(page).toContain(`<img alt="drawing" src="data:image/svg+xml;base64,${btoa("<svg/>")}">`)
  })
)

it.effect.each([
  ["fails", () => Effect.fail(new Error("no ink"))],
  [
    "throws",
    () => {
      throw new Error("no ink")
    }
  ]
] as const)("a drawing that %s is told in the report, and its result is shown as any is", ([_how, draw]) =>
  Effect.gen(function* () {
    const { sections, tables, notes } = yield* reportWith(View.section(Toys.Total, { title: "The total", draw }))
    expect([sections, names(tables)]).toEqual([[], ["text", "total"]])
    expect(notes).toEqual(["text cannot be drawn: no ink", "total cannot be drawn: no ink"])
  })
)

it("a view of what an artifact does not hold does not compile", () => {
  // @ts-expect-error it has no epochs
  expect(View.curves(Toys.Numbers)).toMatchObject({ _tag: "Curves" })
  // @ts-expect-error it tells of no training
  expect(View.fit(Toys.Total)).toMatchObject({ _tag: "Fit" })
  // @ts-expect-error its value has no such field
  View.section(Toys.Total, { title: "The total", draw: ({ average }) => Effect.succeed([String(average)]) })
})
