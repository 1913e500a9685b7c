import { Effect, Either } from "effect"
import { expect, it } from "vitest"
import * as Ending from "../../../cluster/slurm/Ending.ts"
import { waitText } from "../../../cluster/slurm/Queue.ts"
import { parse } from "../../../cluster/slurm/slurm-options.ts"

// What is read of Slurm's words, and made of its own.

it("reads options as a shell would, and refuses those that tell jobs apart", () => {
  const read = (text: string) => Effect.runSync(Effect.either(parse(text)))
  const words = (text: string) => Either.getOrElse(read(text), () => null)
  expect(words("")).toEqual([])
  expect(words(`-p gpu --mem=8G  -C "avx512&ib" --comment='a b' a\\ b`)).toEqual([
    "-p",
    "gpu",
    "--mem=8G",
    "-C",
    "avx512&ib",
    "--comment=a b",
    "a b"
  ])
  for (const own of ["-J name", "--output=x", "-a1-3", "--wrap x", "-o /x", "--parsable"])
    expect(words(own), own).toBeNull()
  expect(words("--exclusive --account=x")).toEqual(["--exclusive", "--account=x"])
  expect(words('-p "gpu')).toBeNull()
})

it("reads how a job ended, and says of each state what to do", () => {
  const line = (state: string, code = "0:0") =>
    `JobId=5 ArrayJobId=1 JobName=x y JobState=${state} Reason=None ExitCode=${code} NodeList=n1 BatchHost=n1`
  const explained = (text: string) =>
    Ending.explain({
      job: "1_0",
      node: "train",
      ending: Ending.parse(text),
      lastWords: "",
      folder: "/shared/slurm",
      project: "/project"
    })
  expect(Ending.parse(line("FAILED", "3:9"))).toEqual({ state: "FAILED", code: 3, signal: 9, nodes: "n1" })
  expect(Ending.parse("nothing")).toBeNull()
  expect(explained(line("OUT_OF_MEMORY", "0:125")).fix).toContain("--mem=16G")
  expect(explained(line("TIMEOUT", "0:15")).fix).toContain("-t MINUTES")
  expect(explained(line("NODE_FAIL")).fix).toContain("was told not to run it again")
  expect(explained(line("COMPLETED")).tag).toBe("NoAnswer")
  expect(explained(line("FAILED", `${Ending.NO_TASK}:0`)).tag).toBe("NotShared")
  expect(explained(line("FAILED", `${Ending.NO_PROJECT}:0`)).what).toContain("/project")
  expect(explained(line("FAILED", `${Ending.NO_NODE}:0`)).tag).toBe("NoNode")
  expect(explained("").what).toContain("Slurm does not remember how it ended")
})

it("says why a job waits where that tells something", () => {
  expect(waitText("None")).toBeNull()
  expect(waitText("Resources")).toBe("Resources, its nodes are busy")
  expect(waitText("PartitionTimeLimit")).toContain("--slurm-options")
  expect(waitText("launch failed requeued held")).toContain("scontrol release")
  expect(waitText("QOSMaxJobsPerUserLimit")).toBe("QOSMaxJobsPerUserLimit")
})
