import { execFileSync } from "node:child_process"
import { Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { commandOf, commandOfRecord, defaultsOf } from "../../../cli/command/command-text.ts"
import { shellWord } from "../../../cli/command/option-text.ts"
import * as Param from "../../../engine/Param.ts"
import type { Asked } from "../../../engine/RunRecord.ts"
import { transfer } from "../../../pipelines/transfer.ts"

/** The words that a shell makes of a line. */
const words = (line: string) =>
  execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1)

const params = defaultsOf(transfer)

describe("the command that makes a run again", () => {
  it("names only what differs from the defaults", () => {
    expect(commandOf(transfer, params)).toBe("npx pipeline run transfer")
    expect(commandOf(transfer, { ...params, learningRate: 0.003, units: 64 })).toBe(
      "npx pipeline run transfer --units 64 --learning-rate 0.003"
    )
  })

  it("quotes what a shell would take apart, and binds what looks like an option", () => {
    const dataset = "-my $HOME; 'images'"
    const line = commandOf(transfer, { ...params, dataset, seed: -3 }) ?? ""
    expect(words(line).slice(3)).toEqual(["transfer", `--dataset=${dataset}`, "--seed=-3"])
  })

  it("is one word of a shell, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !text.includes("\0")),
        (text) => {
          expect(words(shellWord(text))).toEqual([text])
        }
      ),
      { numRuns: 40 }
    )
  })

  it("writes lists and objects as JSON", () => {
    const kinds = Param.make(Schema.Array(Schema.String), [], "Kinds")
    const pipeline = { ...transfer, params: { kinds } }
    expect(words(commandOf(pipeline, { kinds: ["it's", "b"] }) ?? "")).toEqual([
      ...["npx", "pipeline", "run", "transfer", "--kinds"],
      '["it\'s","b"]'
    ])
  })

  it("of a sweep says how its points were asked for", () => {
    const { learningRate: _, ...shared } = params
    const over = ["learning-rate=log(1e-4, 1e-1)", "units=8,16"]
    const swept = (asked?: Asked) =>
      commandOfRecord(transfer, {
        params: { ...shared, epochs: 3 },
        sweep: { varied: [], points: [], ...(asked && { asked }) }
      })
    expect(words(swept({ over, random: 20, seeds: 3 }) ?? "")).toEqual([
      ...["npx", "pipeline", "sweep", "transfer", "--epochs", "3", "--over", "learning-rate=log(1e-4, 1e-1)"],
      ...["--over", "units=8,16", "--random", "20", "--seeds", "3"]
    ])
    expect(swept({ over: ["units=8"], random: null, seeds: null })).toBe(
      "npx pipeline sweep transfer --epochs 3 --over units=8"
    )
    expect(swept()).toBeNull()
  })

  it("is none where the pipeline has a parameter no more", () => {
    expect(commandOf(transfer, { ...params, gone: 1 })).toBeNull()
  })
})
