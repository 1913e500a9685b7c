import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { describe, it } from "vitest"
import { getCurrentSuite } from "vitest/suite"
import { dataFiles } from "./data-files.ts"
import { mount, unshare } from "./mounts.ts"
import { type Environment, environmentOf } from "./python.ts"
import { DAEMONS, isInstalled } from "./slurm.ts"

/**
 * What a test may need beyond an installation by `npm ci`, and the only way for a test not to run: where something
 * isn't there, the tests that need it are left out, and `needs-reporter.ts` names and counts them at the end. In CI
 * (`CI=true`), where everything is to be there, what lacks is a failure.
 */
export interface Need {
  /** What it is, as in "3 need Chromium". */
  readonly what: string
  /** How to get it. */
  readonly remedy: string
  readonly isThere: () => boolean
}

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** The browser that draws pages for tests. */
export const browserFile = (): string | null =>
  [process.env.CHROMIUM ?? "", ...BROWSERS].find((each) => each !== "" && fs.existsSync(each)) ?? null

const mayUnshare = (what: "-m" | "-n", script: string): boolean => {
  const [command = "", ...args] = [...unshare(what), "sh", "-c", script]
  return spawnSync(command, args).status === 0
}
const python = (name: Environment, packages: string) => ({
  what: `Python with ${packages}`,
  remedy: `sh test/rig/python/install.sh ${name}`,
  isThere: () => fs.existsSync(path.join(environmentOf(name), "ready"))
})
const program = (name: string, what: string, packages: string) => ({
  what,
  remedy: `apt-get install -y ${packages}`,
  isThere: () => spawnSync(name, ["--version"]).status === 0
})
const file = (name: string) => ({
  what: name,
  remedy: "put it there, or let PIPELINE_MIRROR name the folder that has it",
  isThere: () => fs.existsSync(name)
})

const NEEDS = {
  chromium: {
    what: "Chromium",
    remedy: "apt-get install -y chromium, or let CHROMIUM name the browser's file",
    isThere: () => browserFile() !== null
  },
  // a full or read-only disk, and a machine without a network, can't be had otherwise
  mounts: {
    what: "leave to mount file systems",
    remedy: "run the tests as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1",
    isThere: () => mayUnshare("-m", mount(tmpdir(), "size=4k")) && mayUnshare("-n", "true")
  },
  readers: python("readers", "pyarrow and DuckDB"),
  keras: python("keras", "Keras"),
  onnx: python("onnx", "the ONNX runtime"),
  redis: program("redis-server", "Redis", "redis-server"),
  stores: python("stores", "SeaweedFS, moto and rclone"),
  slurm: {
    what: "Slurm",
    remedy: "apt-get install -y slurm-wlm munge",
    isThere: () => DAEMONS.every(isInstalled)
  },
  "cifar10-5k": file(dataFiles.cifar10Part),
  "cifar10 lossless": file(dataFiles.cifar10Lossless),
  "MobileNetV2 weights": file(dataFiles.weights)
} as const satisfies Readonly<Record<string, Need>>

export type NeedName = keyof typeof NEEDS

declare module "vitest" {
  interface TaskMeta {
    /** What the suite needs and this machine lacks. */
    lacks?: ReadonlyArray<Pick<Need, "what" | "remedy">>
  }
}

const known = new Map<NeedName, boolean>()
const isThere = (name: NeedName): boolean => {
  const there = known.get(name) ?? NEEDS[name].isThere()
  known.set(name, there)
  return there
}

/** A `describe` whose tests, and what is done before them, run only where all of this is there. */
export const describeWith = (names: ReadonlyArray<NeedName>, title: string, tests: () => void): void => {
  const lacks = names.filter((name) => !isThere(name)).map((name) => NEEDS[name])
  if (lacks.length === 0) return void describe(title, tests)
  if (process.env.CI === "true") {
    it(`${title}: all that it needs is there`, () => {
      throw new Error(
        lacks.map(({ what, remedy }) => `There is no ${what} here; expected it in CI. ${remedy}.`).join("\n")
      )
    })
  }
  describe.skip(title, () => {
    const { suite } = getCurrentSuite()
    if (suite !== undefined) suite.meta.lacks = lacks.map(({ what, remedy }) => ({ what, remedy }))
    tests()
  })
}
