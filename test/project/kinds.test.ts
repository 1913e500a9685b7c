import { Effect, Schema } from "effect"
import { expect, it } from "vitest"
import { laboratory } from "../../api/testing.ts"
import * as Bundle from "../../artifacts/Bundle.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Stage from "../../engine/Stage.ts"
import { make } from "../../kinds/bytes.ts"
import * as Project from "../../project/Project.ts"

// A kind that no record knows would be bytes that get to no results: the project is refused as it is loaded, before anything runs.

const drawing = (kind: string) => {
  const drawScene = Stage.make({
    name: "draw-scene",
    inputs: {},
    outputs: { scene: Bundle.make("Scene", 1, kind, { "scene.obj": "needed" }) },
    run: () => Effect.succeed({ scene: { "scene.obj": new Uint8Array() } })
  })
  return Pipeline.make({
    name: "scenes",
    description: "A scene",
    params: {},
    build: () => ({ scene: drawScene({}).scene })
  })
}
const load = (kind: string) => () =>
  Project.whole(Project.plain({ kinds: [make({ name: "scene" })] }), { scenes: drawing(kind) }, {})

it("an output of a kind that the configuration lists, or that every project has, is taken", () => {
  for (const kind of ["scene", "figure"]) expect(load(kind)).not.toThrow()
})

it("one of a kind that nobody knows is refused by name, with the nearest and where kinds are listed", () => {
  expect(load("scnee")).toThrow(
    'Pipeline "scenes": the output "scene" of draw-scene is of the kind "scnee", which the project does not know; expected one of table, document, figure, files, checkpoint, scene. Did you mean "scene"? A kind of the project\'s own is listed in kinds of headrace.config.ts: kinds: [Kind.make({ name: "scnee" })].'
  )
  expect(load("point-cloud")).not.toThrow("Did you mean")
})

it("an artifact is of the kind that it declares, also where its codec is that of another", async () => {
  const Votes = { ...Document.make("Votes", 1, Schema.Struct({ green: Schema.Int })), kind: "votes" }
  const count = Stage.make({
    name: "count",
    inputs: {},
    outputs: { votes: Votes },
    run: () => Effect.succeed({ votes: { green: 3 } })
  })
  const polls = Pipeline.make({
    name: "polls",
    description: "Votes",
    params: {},
    build: () => ({ votes: count({}).votes })
  })
  const { record } = await laboratory(Project.plain({ kinds: [make({ name: "votes" })] })).run(polls)
  expect(record.results.votes?.stored.kind).toBe("votes")
})
