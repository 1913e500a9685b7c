import { expect, it } from "vitest"
import { valuesOf } from "../../engine/Environment.ts"
import { workerEnvironment } from "../../worker/environment.ts"

type Names = ReadonlyArray<string>
const of = (own: Readonly<Record<string, string>>, declared: Names = [], locale: Names = []) =>
  workerEnvironment({ own, declared: new Set(declared), root: "/r", home: "/h", codeFile: "/c", threads: 3, locale })

it("a worker gets what is needed to run, what stages declare, and nothing else", () => {
  const needed = { PATH: "/bin", HOME: "/root", TMPDIR: "/t", CUDA_VISIBLE_DEVICES: "0" }
  const other = { SCALE: "100", TOKEN: "x", npm_config_cache: "/n", PIPELINE_MIRROR: "/m", DEBUG: "*", CUDA: "1" }
  const bare = of({})
  expect(of({ ...needed, ...other })).toEqual({ ...bare, ...needed })
  expect(of({ ...needed, ...other }, ["SCALE", "UNSET"])).toEqual({ ...bare, ...needed, SCALE: "100" })
})

it("one locale is every worker's, but for what the stages of its nodes declare", () => {
  const own = { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", LC_TIME: "fr_FR.UTF-8" }
  const bare = of({})
  expect(bare).toMatchObject({ TZ: "UTC", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" })
  const declared = Object.keys(own)
  expect(of(own, declared)).toEqual(bare)
  const { LC_ALL, ...others } = bare
  expect(of(own, declared, ["TZ"])).toEqual({ ...bare, TZ: "Asia/Tokyo" })
  expect(of(own, declared, ["LANG"])).toEqual({ ...others, LANG: "de_DE.UTF-8" })
  expect(of(own, declared, ["LC_ALL", "LC_NAME"])).toEqual({ ...bare, LC_ALL: "de_DE.UTF-8" })
  // the command's keys hold what the worker has
  for (const world of [own, { LANG: "de_DE.UTF-8" }, {}]) {
    const declares = { environment: declared, secrets: [] }
    expect(valuesOf(declares, of(world, declared, declared))).toEqual(valuesOf(declares, world))
  }
})

it("of Node's options those that say how much memory it may take are passed on", () => {
  const heap = "--max-old-space-size=9000 --max_semi_space_size=64"
  expect(of({ NODE_OPTIONS: `--require=/x.cjs ${heap} --icu-data-dir=/i` })).toEqual({ ...of({}), NODE_OPTIONS: heap })
  expect(of({ NODE_OPTIONS: "--require=/x.cjs" })).toEqual(of({}))
})

it("switches of native libraries are the platform's, whatever the command has", () => {
  const own = { TF_ENABLE_ONEDNN_OPTS: "0", OMP_NUM_THREADS: "99", ORT_X: "1", MKL_Y: "1", PIPELINE_HOME: "/elsewhere" }
  expect(of(own)).toEqual(of({}))
  expect(of({})).toMatchObject({
    OMP_NUM_THREADS: "3",
    PIPELINE_THREADS: "3",
    PIPELINE_HOME: "/h",
    PIPELINE_CODE: "/c"
  })
})
