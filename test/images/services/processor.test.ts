import * as fs from "node:fs"
import { cpus } from "node:os"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Processor from "../../../images/services/Processor.ts"
import { folder } from "../../rig/folder.ts"

it("the widest vectors are those that all of a family's flags are there for", () => {
  const family = (flags: string) => Processor.widest(new Set(flags.split(" ")))
  expect(family("sse4_2 avx avx2 fma avx512f avx512bw avx512dq avx512vl")).toBe("avx512")
  // the first AVX-512 processors lack what the libraries ask for
  expect(family("sse4_2 avx avx2 fma avx512f avx512cd")).toBe("avx2")
  expect(family("sse4_2 avx")).toBe("sse")
})

it.effect("this machine's are known", () =>
  Effect.map(Processor.instructions, (found) => expect(["avx512", "avx2", "sse"]).toContain(found))
)

it("where no flags are told, a processor is its architecture and model", () => {
  const untold = `${process.arch}, ${cpus()[0]?.model}`
  expect(Processor.instructionsIn("/nowhere/cpuinfo")).toBe(untold)
  const arm = path.join(folder(), "cpuinfo")
  fs.writeFileSync(arm, "processor\t: 0\nFeatures\t: fp asimd sve\n")
  expect(Processor.instructionsIn(arm)).toBe(untold)
})
