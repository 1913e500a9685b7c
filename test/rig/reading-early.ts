import { readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Stage from "../../engine/Stage.ts"

// Stages that read while their file is loaded, before any node is computed. The rig says whose code this file is.

const Text = Document.make("Text", 1, Schema.Struct({ text: Schema.String }))
const scale = process.env.SCALE ?? "absent"
const size = readFileSync(process.argv[1] ?? "").length

const early = (name: string, environment: ReadonlyArray<string>) =>
  Stage.make({
    name,
    inputs: {},
    environment,
    outputs: { text: Text },
    run: () => Effect.succeed({ text: { text: `${scale} ${size > 0}` } })
  })
export const earlyUndeclared = early("early-undeclared", [])
export const earlyDeclared = early("early-declared", ["SCALE"])
export const elsewhere = early("elsewhere", [])

const alone = (stage: ReturnType<typeof early>) =>
  Pipeline.make({ name: stage.definition.name, description: "Reads early", params: {}, build: () => stage({}) })
export const earlyPipelines = [alone(earlyUndeclared), alone(earlyDeclared), alone(elsewhere)] as const
