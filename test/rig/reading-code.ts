import { Effect, Layer } from "effect"
import { Code } from "../../engine/Code.ts"
import { codeOf } from "./code.ts"

/** The files of the program that each stage's code is made of; `elsewhere` is as if it were made in another. */
const FILES: Readonly<Record<string, string>> = {
  peek: "reading-pipeline.ts",
  local: "reading-pipeline.ts",
  elsewhere: "elsewhere.ts"
}

export const layerCode = Layer.succeed(Code, {
  of: ({ name }) => Effect.succeed(codeOf(name, { [`test/rig/${FILES[name] ?? "reading-early.ts"}`]: name }))
})
