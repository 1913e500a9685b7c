import { expect, it } from "vitest"
import { workerEnvironment } from "../../worker/environment.ts"

const of = (own: Readonly<Record<string, string>>, ...declared: ReadonlyArray<string>) =>
  workerEnvironment({ own, declared: new Set(declared), home: "/h", codeFile: "/c", threads: 3 })

it("a worker gets what is needed to run, what stages declare, and nothing else", () => {
  const needed = { PATH: "/bin", HOME: "/root", TMPDIR: "/t", LC_ALL: "C", TZ: "UTC", CUDA_VISIBLE_DEVICES: "0" }
  const other = { SCALE: "100", TOKEN: "x", npm_config_cache: "/n", PIPELINE_MIRROR: "/m", DEBUG: "*", CUDA: "1" }
  const bare = of({})
  expect(of({ ...needed, ...other })).toEqual({ ...bare, ...needed })
  expect(of({ ...needed, ...other }, "SCALE", "UNSET")).toEqual({ ...bare, ...needed, SCALE: "100" })
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
