import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import fs from "node:fs"
import path from "node:path"
import { diskFull, isDiskFull, ProvisionFailure } from "./failure.mjs"
import { wheel } from "./wheel.mjs"

const flags = [
  ..."-std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -DNDEBUG -w".split(" "),
  "-Wl,-rpath,$ORIGIN/../../deps/lib"
]

/** The digest of what a binding is made of, but for the compiler: sources, headers, flags, TensorFlow's version. */
export const recipe = (packageDirectory, napiHeaders) => {
  const hash = createHash("sha256").update(JSON.stringify([wheel.package, wheel.version, wheel.sha256, flags]))
  for (const directory of [path.join(packageDirectory, "binding"), napiHeaders]) {
    for (const name of fs.readdirSync(directory).sort()) {
      hash.update(`\0${name}\0`).update(fs.readFileSync(path.join(directory, name)))
    }
  }
  return hash.digest("hex")
}

/** The first C++ compiler that runs, `$CXX` before all: its command and what it says its version is. */
export const findCompiler = () => {
  const wanted = process.env.CXX?.trim()
  for (const candidate of wanted ? [wanted] : ["c++", "g++", "clang++"]) {
    const command = candidate.split(/\s+/)
    const { status, stdout } = spawnSync(command[0], [...command.slice(1), "--version"], { encoding: "utf8" })
    if (status === 0) return { command, version: stdout.split("\n")[0] }
  }
  throw new ProvisionFailure({
    what: wanted ? `The C++ compiler CXX names, "${wanted}", doesn't run` : "No C++ compiler was found",
    expected: "c++, g++ or clang++ with C++17, to build TensorFlow's Node binding",
    fix: "Install one (Debian, Ubuntu: sudo apt-get install g++), or set CXX to it, and run npx headrace-images provision."
  })
}

/** Compiles the package's binding against `libraries` (`lib/` and `include/`), and moves it to `file` when it loads. */
export const compile = ({ packageDirectory, napiHeaders, libraries, compiler, temporary, file }) => {
  const sources = path.join(packageDirectory, "binding")
  const [program, ...prefix] = compiler.command
  const built = path.join(temporary, "tfjs_binding.node")
  const { status, stderr } = spawnSync(
    program,
    [
      ...prefix,
      ...flags,
      `-I${napiHeaders}`,
      `-I${path.join(libraries, "include")}`,
      ...fs
        .readdirSync(sources)
        .filter((name) => name.endsWith(".cc"))
        .sort()
        .map((name) => path.join(sources, name)),
      ...Object.keys(wheel.libraries).map((name) => path.join(libraries, "lib", name)),
      "-o",
      built
    ],
    { encoding: "utf8", env: { ...process.env, TMPDIR: temporary } }
  )
  if (status !== 0) {
    if (isDiskFull(stderr)) throw diskFull(path.dirname(temporary), 100)
    throw new ProvisionFailure({
      what: `${compiler.version} couldn't compile TensorFlow's Node binding`,
      expected: "a compiler with C++17 and its standard library",
      fix: "Install a newer one (Debian, Ubuntu: sudo apt-get install g++), or set CXX to it, and run npx headrace-images provision.",
      detail: stderr
    })
  }
  requireLoads(built, path.join(libraries, "lib"))
  const handle = fs.openSync(built, "r")
  fs.fsyncSync(handle)
  fs.closeSync(handle)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.renameSync(built, file)
}

/** Fails unless the binding and TensorFlow can be loaded here: an old glibc or a processor without AVX shows now. */
const requireLoads = (binding, libraries) => {
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", "require(process.argv[1])", binding], {
    encoding: "utf8",
    env: { ...process.env, LD_LIBRARY_PATH: libraries, TF_CPP_MIN_LOG_LEVEL: "2" }
  })
  if (status === 0) return
  throw new ProvisionFailure({
    what: `TensorFlow ${wheel.version} doesn't load on this machine (${signal ?? `exit code ${status}`})`,
    expected: "Linux x64 with glibc 2.27 or newer and a processor with AVX",
    fix: "Use a newer system, or leave TensorFlow out: HEADRACE_SKIP_TENSORFLOW=1 when you install.",
    detail: stderr
  })
}
