import { spawn } from "node:child_process"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { command, type Ended } from "../../rig/command.ts"
import { describeWith } from "../../rig/needs.ts"

const checkout = path.resolve(import.meta.dirname, "../../..")
const sharedCache = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "headrace")
const warmCache = process.env.HEADRACE_CACHE ?? sharedCache
const libraries = "tensorflow-cpu-2.21.0"
const isWarm = fs.existsSync(path.join(warmCache, libraries))
const gpuPackage = "node_modules/@tensorflow/tfjs-node-gpu"

/** A fresh installation of the two packages that it works on, never provisioned, and an empty user cache. */
let root = ""
const cache = () => path.join(root, "cache")
const inRoot = (...parts: ReadonlyArray<string>) => path.join(root, ...parts)

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "headrace-provision-"))
  for (const name of ["images/bin", "images/provision", `${gpuPackage}/binding`]) {
    fs.cpSync(path.join(checkout, name), inRoot(name), { recursive: true })
  }
  for (const name of ["package.json", "dist", "node_modules"]) {
    fs.cpSync(path.join(checkout, gpuPackage, name), inRoot(gpuPackage, name), { recursive: true })
  }
  fs.cpSync(path.join(checkout, "node_modules/node-api-headers"), inRoot("node_modules/node-api-headers"), {
    recursive: true
  })
  fs.mkdirSync(inRoot("tools"))
  fs.mkdirSync(cache())
})

afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

const program = () => inRoot("images/bin/headrace-images.mjs")

/** Runs the command as npm does; null leaves a variable out. */
const provision = (variables: Readonly<Record<string, string | null>> = {}, ...nodeFlags: ReadonlyArray<string>) => {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, HEADRACE_CACHE: cache(), PIP_CONFIG_FILE: "/dev/null", ...variables }).filter(
      ([, value]) => value !== null
    )
  ) as Record<string, string>
  return command(process.execPath, [...nodeFlags, program(), "provision"], { env })
}

/** Links tools of this machine into the one directory a run then has as its PATH. */
const onlyTools = (...names: ReadonlyArray<string>) => {
  for (const name of names) {
    const found = (process.env.PATH ?? "").split(":").find((directory) => fs.existsSync(path.join(directory, name)))
    fs.symlinkSync(path.join(found ?? "/missing", name), inRoot("tools", name))
  }
  return { PATH: inRoot("tools"), CXX: null, PYTHON: null }
}

/** What every failure must keep: one message on stderr, exit code 1, nothing provisioned, no temporary left. */
const expectRefused = async (ending: Promise<Ended>, ...parts: ReadonlyArray<string>) => {
  const { status, stderr } = await ending
  for (const part of parts) expect(stderr).toContain(part)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(status).toBe(1)
  expect(fs.readdirSync(cache())).toEqual([])
  expect(fs.existsSync(inRoot(gpuPackage, "deps"))).toBe(false)
}

describe("headrace-images provision leaves TensorFlow out, and fails no installation,", () => {
  it.each([
    ["arch is arm64", "arch", '"arm64"', "linux arm64"],
    ["platform is darwin", "platform", '"darwin"', "darwin x64"],
    ["platform is win32", "platform", '"win32"', "win32 x64"],
    ["libc is musl", "report", "{getReport:()=>({header:{}})}", "linux x64 without glibc"]
  ])("on a machine whose %s", async (_, property, value, machine) => {
    const pretend = `data:text/javascript,Object.defineProperty(process,"${property}",{value:${value}})`
    const { status, stdout, stderr } = await provision(onlyTools(), "--import", pretend)
    expect(stdout).toContain(`left out: this machine is ${machine}, and its libraries are for linux x64 with glibc`)
    expect([status, stderr]).toEqual([0, ""])
    expect(fs.readdirSync(cache())).toEqual([])
    expect(fs.existsSync(inRoot(gpuPackage, "deps"))).toBe(false)
  })
})

describe("headrace-images provision refuses, saying what to do", () => {
  it("without a C++ compiler", async () => {
    await expectRefused(
      provision(onlyTools()),
      "No C++ compiler was found; expected c++, g++ or clang++ with C++17",
      "sudo apt-get install g++"
    )
  })

  it("with a CXX that doesn't run", async () => {
    await expectRefused(
      provision({ CXX: "/nowhere/c++" }),
      'CXX names, "/nowhere/c++", doesn\'t run; expected',
      "set CXX"
    )
  })

  it("without Python", async () => {
    await expectRefused(
      provision(onlyTools("c++")),
      'Python 3 wasn\'t found as "python3"; expected it with pip',
      "sudo apt-get install python3 python3-pip"
    )
  })

  it("with a Python that has no pip", async () => {
    await command("python3", ["-m", "venv", "--without-pip", inRoot("venv")])
    const python = inRoot("venv/bin/python")
    await expectRefused(provision({ PYTHON: python }), `"${python} -m pip" doesn't run; expected pip`, "ensurepip")
  })

  it("when the cache can't be a directory", async () => {
    const file = inRoot("tools/file")
    fs.writeFileSync(file, "")
    await expectRefused(
      provision({ HEADRACE_CACHE: path.join(file, "cache") }),
      "The cache can't be written",
      "HEADRACE_CACHE"
    )
  })

  it("when the package index can't be reached", async () => {
    await expectRefused(
      provision({ PIP_INDEX_URL: "http://127.0.0.1:9/simple", PIP_FIND_LINKS: null, PIP_RETRIES: null }),
      "pip couldn't download tensorflow-cpu 2.21.0 (exit code 1); expected a package index that it can reach",
      "HTTPS_PROXY and PIP_INDEX_URL",
      "HEADRACE_SKIP_TENSORFLOW=1"
    )
  })

  it("a wheel with other bytes than the pinned ones", async () => {
    const wheel = inRoot("wheels/tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl")
    fs.mkdirSync(path.dirname(wheel))
    fs.writeFileSync(wheel, "not the wheel")
    await expectRefused(
      provision({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: path.dirname(wheel) }),
      "pip got another tensorflow-cpu 2.21.0 than the pinned one; expected sha256 ",
      "pip config list"
    )
  })

  it("other platforms in its own words: npm's EBADPLATFORM would come first, and says no way out", async () => {
    for (const file of ["package.json", "package-lock.json"]) {
      const manifest = JSON.parse(fs.readFileSync(path.join(checkout, file), "utf8"))
      expect(manifest.packages?.[""] ?? manifest).not.toHaveProperty("os")
    }
  })

  it("a GPU, so far", async () => {
    await expectRefused(
      provision({ HEADRACE_TENSORFLOW: "gpu" }),
      'HEADRACE_TENSORFLOW is "gpu"; expected "cpu"',
      "Unset"
    )
  })

  it("where the packages aren't installed", async () => {
    fs.rmSync(inRoot("node_modules/node-api-headers"), { recursive: true })
    await expectRefused(
      provision(),
      "expected @tensorflow/tfjs-node-gpu and node-api-headers in node_modules",
      "Run npm install"
    )
  })
})

/**
 * Stand-ins for pip, the wheel and the compiler, with the sizes of the real ones: sparse libraries, one header, and a
 * binding of another package. Each unpacking waits until as many have begun as `together` says.
 */
const standIns = (together = 1) => {
  const script = (name: string, text: string) => {
    fs.writeFileSync(inRoot("tools", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return inRoot("tools", name)
  }
  const loadable = path.join(checkout, "node_modules/@resvg/resvg-js-linux-x64-gnu/resvgjs.linux-x64-gnu.node")
  const python = script(
    "python",
    `case "$*" in
      *version_info*) echo "3 $0" ;;
      *"pip --version") echo "pip 24.0 from here" ;;
      *download*) for last; do :; done; touch "$last/tensorflow.whl" ;;
      *) touch "${root}/began-$$"; while [ $(ls "${root}" | grep -c began-) -lt ${together} ]; do sleep 0.02; done
         mkdir -p "$4/lib" "$4/include/tensorflow/c"; touch "$4/include/tensorflow/c/c_api.h"
         truncate -s 788086608 "$4/lib/libtensorflow_cc.so.2"; truncate -s 65222328 "$4/lib/libtensorflow_framework.so.2" ;;
    esac`
  )
  const cxx = script(
    "cxx",
    `[ "$1" = --version ] && echo "stand-in 1.0" && exit; for last; do :; done; cp "${loadable}" "$last"`
  )
  return { PYTHON: python, CXX: cxx }
}

/** Starts the command; its environment is that of `provision`. */
const started = (variables: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [program(), "provision"], {
    env: { ...process.env, HEADRACE_CACHE: cache(), ...variables },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let stderr = ""
  child.stderr.on("data", (bytes) => {
    stderr += bytes
  })
  const finished = new Promise<{ readonly status: number | null; readonly stderr: string }>((resolve) =>
    child.once("close", (status) => resolve({ status, stderr }))
  )
  return { child, finished }
}

const isReady = () =>
  fs.existsSync(path.join(cache(), libraries, "include/tensorflow/c/c_api.h")) &&
  fs.existsSync(inRoot(gpuPackage, "deps/headrace.json"))

describe("headrace-images provision beside and after others", () => {
  it("two at once both succeed, and one's libraries stay", async () => {
    const env = standIns(2)
    const both = await Promise.all([started(env).finished, started(env).finished])
    expect(both).toEqual([
      { status: 0, stderr: "" },
      { status: 0, stderr: "" }
    ])
    expect(isReady()).toBe(true)
    expect(fs.readdirSync(cache()).sort()).toEqual(["bindings", libraries])
  })

  it("one that was killed in the middle leaves nothing that stops the next", async () => {
    const { child, finished } = started(standIns(2))
    while (!fs.readdirSync(root).some((name) => name.startsWith("began-"))) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill("SIGKILL")
    await finished
    expect(isReady()).toBe(false)
    expect(await provision(standIns())).toMatchObject({ status: 0, stderr: "" })
    expect(isReady()).toBe(true)
  })

  it("a cache that lacks its headers is made whole", async () => {
    expect((await provision(standIns())).status).toBe(0)
    fs.rmSync(path.join(cache(), libraries, "include"), { recursive: true })
    fs.rmSync(inRoot(gpuPackage, "deps/headrace.json"))
    expect(await provision(standIns())).toMatchObject({ status: 0, stderr: "" })
    expect(isReady()).toBe(true)
  })
})

describeWith(["mounts"], "a full disk", () => {
  it("of the project is told as the project's, not the cache's", async () => {
    const at = inRoot(gpuPackage, "lib/napi-v8")
    fs.mkdirSync(at, { recursive: true })
    const small = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'
    const args = ["-r", "-m", "sh", "-c", small, at, process.execPath, program(), "provision"]
    const env = { ...process.env, HEADRACE_CACHE: cache(), ...standIns() }
    const { status, stderr } = await command("unshare", args, { env })
    expect(stderr).toContain(`The disk of ${root} is full; expected 10 MB free there`)
    expect(stderr).toContain("move the project to a larger disk")
    expect(status).toBe(1)
  })
})

describe("headrace-images provision", () => {
  it("leaves TensorFlow out when told so, with a notice", async () => {
    const { status, stdout } = await provision({ HEADRACE_SKIP_TENSORFLOW: "1" })
    expect(stdout).toContain(
      "skipped, since HEADRACE_SKIP_TENSORFLOW is 1; npx headrace-images provision installs it later"
    )
    expect(status).toBe(0)
    expect(fs.existsSync(inRoot(gpuPackage, "deps"))).toBe(false)
  })

  it("is the one command of the package", async () => {
    const { status, stderr } = await command(process.execPath, [program(), "provide"])
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: .*"provide"; expected .*\. Run npx headrace-images provision/)
    ])
  })

  it("compiles once per cache, then links what is there, then does nothing", async () => {
    expect(isWarm, "native TensorFlow must be provisioned: run npm ci").toBe(true)
    fs.symlinkSync(path.join(warmCache, libraries), path.join(cache(), libraries))
    const binding = inRoot(gpuPackage, "lib/napi-v8/tfjs_binding.node")
    const offline = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: null }

    const cold = await provision(offline)
    expect(cold.stderr).toBe("")
    expect(cold.stdout).toContain("compiling the Node binding")
    expect((await command(process.execPath, ["-e", "require(process.argv[1])", binding])).status).toBe(0)

    fs.rmSync(inRoot(gpuPackage, "deps"), { recursive: true })
    const warm = await provision(offline)
    expect(warm.stdout).not.toContain("compiling")
    expect(warm.stdout).toContain("2.21.0 (cpu) is ready")

    const changed = () => fs.statSync(binding, { bigint: true }).ctimeNs
    const written = changed()
    const again = await provision({ ...offline, ...onlyTools() })
    expect(again).toEqual({ status: 0, stdout: "", stderr: "" })
    expect(changed()).toBe(written)

    fs.appendFileSync(binding, "damaged")
    expect((await provision(offline)).stdout).toContain("is ready")
    expect((await provision(offline)).stdout).toBe("")
  })
})
