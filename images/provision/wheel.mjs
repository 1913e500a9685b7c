import { spawn, spawnSync } from "node:child_process"
import fs from "node:fs"
import path from "node:path"
import { diskFull, isDiskFull, ProvisionFailure } from "./failure.mjs"

/**
 * The wheel TensorFlow's two libraries and its C headers come from: pinned by digest, and fetched by its own tags, since
 * nothing of it is run by Python. Sizes are in bytes.
 */
export const wheel = {
  package: "tensorflow-cpu",
  version: "2.21.0",
  size: 273_829_956,
  sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
  tags: ["--python-version=3.11", "--implementation=cp", "--abi=cp311", "--platform=manylinux_2_27_x86_64"],
  libraries: {
    "libtensorflow_cc.so.2": 788_086_608,
    "libtensorflow_framework.so.2": 65_222_328
  },
  headers: ["tensorflow/c/", "tensorflow/core/platform/", "tsl/platform/", "xla/tsl/c/"]
}

const megabytes = (bytes) => Math.round(bytes / 1e6)
const unpackedSize = Object.values(wheel.libraries).reduce((total, size) => total + size, 0)
const neededMegabytes = megabytes(wheel.size + unpackedSize) + 50

/** Whether `directory` holds both libraries in full. */
export const hasLibraries = (directory) =>
  Object.entries(wheel.libraries).every(([name, size]) => sizeOf(path.join(directory, name)) === size)

/** Whether `directory` holds what a binding is compiled against: `lib/` in full, and `include/`, of which one header tells. */
export const isWhole = (directory) =>
  hasLibraries(path.join(directory, "lib")) && fs.existsSync(path.join(directory, "include/tensorflow/c/c_api.h"))

const sizeOf = (file) => {
  try {
    return fs.statSync(file).size
  } catch {
    return 0 // not there, or a directory that pip removed meanwhile
  }
}

/** The Python 3 with pip that is to be used: its interpreter, past any shim, so that ending it ends the download. */
export const findPython = () => {
  const wanted = process.env.PYTHON || "python3"
  const found = spawnSync(wanted, ["-c", "import sys; print(sys.version_info[0], sys.executable)"], {
    encoding: "utf8"
  })
  const [major, ...executable] = (found.stdout ?? "").trim().split(" ")
  if (found.status !== 0 || major !== "3") {
    throw new ProvisionFailure({
      what: `Python 3 wasn't found as "${wanted}"`,
      expected: "it with pip, to download TensorFlow's native libraries",
      fix: "Install it (Debian, Ubuntu: sudo apt-get install python3 python3-pip), or set PYTHON to its path, and run npx headrace-images provision."
    })
  }
  const python = executable.join(" ")
  const pip = spawnSync(python, ["-m", "pip", "--version"], { encoding: "utf8" })
  if (pip.status !== 0) {
    throw new ProvisionFailure({
      what: `"${wanted} -m pip" doesn't run`,
      expected: "pip, to download TensorFlow's native libraries",
      fix: `Install it (Debian, Ubuntu: sudo apt-get install python3-pip; elsewhere: ${wanted} -m ensurepip), and run npx headrace-images provision.`,
      detail: pip.stderr
    })
  }
  const [, version] = /^pip (\d+)/.exec(pip.stdout) ?? []
  if (Number(version) < 20) {
    throw new ProvisionFailure({
      what: `"${wanted} -m pip" is ${pip.stdout.split(" ").slice(0, 2).join(" ")}`,
      expected: "pip 20 or newer, which knows TensorFlow's kind of wheel",
      fix: `Upgrade it (${wanted} -m pip install --upgrade pip), or set PYTHON to a newer Python, and run npx headrace-images provision.`
    })
  }
  return python
}

/** Downloads the wheel and keeps `lib/` and `include/` of it as `directory`, all or nothing. */
export const fetchLibraries = async ({ python, directory, temporary, say }) => {
  const { bavail, bsize } = fs.statfsSync(temporary)
  if (bavail * bsize < neededMegabytes * 1e6) throw diskFull(path.dirname(temporary), neededMegabytes)
  await download(python, temporary, say)
  say(`unpacking ${megabytes(unpackedSize)} MB to ${directory}`)
  await unpack(python, temporary)
  land(path.join(temporary, "unpacked"), directory, temporary)
}

/** By renames alone, so that installations at the same time never see, nor remove, a part of each other's. */
const land = (unpacked, directory, temporary) => {
  try {
    fs.renameSync(unpacked, directory)
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error
    if (isWhole(directory)) return // another installation was first
    try {
      fs.renameSync(directory, fs.mkdtempSync(path.join(temporary, "damaged-")))
    } catch (gone) {
      if (gone.code !== "ENOENT") throw gone // another installation has moved it
    }
    land(unpacked, directory, temporary)
  }
}

const download = async (python, temporary, say) => {
  say(`downloading ${wheel.package} ${wheel.version}, ${megabytes(wheel.size)} MB, with pip`)
  const requirements = path.join(temporary, "requirements.txt")
  fs.writeFileSync(requirements, `${wheel.package}==${wheel.version} --hash=sha256:${wheel.sha256}\n`)
  const flags = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "--retries=2"]
  const { status, output } = await run(
    python,
    ["-m", "pip", "download", ...flags, ...wheel.tags, "--require-hashes", "-r", requirements, "-d", temporary],
    {
      terminal: process.stdout.isTTY,
      // pip downloads into TMPDIR first: the cache's disk is the one that was checked, and its growth is the progress
      env: { ...process.env, TMPDIR: temporary, PIP_REQUIRE_VIRTUALENV: "0" },
      progress: process.stdout.isTTY ? () => {} : plainProgress(temporary, say)
    }
  )
  if (status === 0) return
  if (isDiskFull(output)) throw diskFull(path.dirname(temporary), neededMegabytes)
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    throw new ProvisionFailure({
      what: `pip got another ${wheel.package} ${wheel.version} than the pinned one`,
      expected: `sha256 ${wheel.sha256}`,
      fix: "Check which index or proxy pip uses (python3 -m pip config list), and run npx headrace-images provision.",
      detail: output
    })
  }
  throw new ProvisionFailure({
    what: `pip couldn't download ${wheel.package} ${wheel.version} (exit code ${status})`,
    expected: "a package index that it can reach",
    fix: "Check the network, HTTPS_PROXY and PIP_INDEX_URL, and run npx headrace-images provision; an installation with HEADRACE_SKIP_TENSORFLOW=1 leaves TensorFlow out.",
    detail: output
  })
}

// Writes and syncs member by member, so memory stays small; zipfile checks each CRC. Only names under the given prefixes.
const unpackProgram = `
import os, shutil, sys, zipfile
wheel, target, headers = sys.argv[1], sys.argv[2], tuple("tensorflow/include/" + p for p in sys.argv[3].split(","))
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        name = member.filename
        if name in sys.argv[4:]: path = "lib/" + os.path.basename(name)
        elif name.startswith(headers) and name.endswith(".h"): path = name[len("tensorflow/"):]
        else: continue
        path = os.path.join(target, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(path, 0o444)
`

const unpack = async (python, temporary) => {
  const archive = fs.readdirSync(temporary).find((name) => name.endsWith(".whl")) ?? "the wheel"
  const libraries = Object.keys(wheel.libraries).map((name) => `tensorflow/${name}`)
  const { status, output } = await run(
    python,
    [
      "-c",
      unpackProgram,
      path.join(temporary, archive),
      path.join(temporary, "unpacked"),
      wheel.headers.join(","),
      ...libraries
    ],
    { terminal: false, env: process.env, progress: () => {} }
  )
  if (isDiskFull(output)) throw diskFull(path.dirname(temporary), neededMegabytes)
  if (status !== 0 || !isWhole(path.join(temporary, "unpacked"))) {
    throw new ProvisionFailure({
      what: `${archive} couldn't be unpacked`,
      expected: `${libraries.join(" and ")}, and headers, in it`,
      fix: "Run npx headrace-images provision.",
      detail: output
    })
  }
}

/** One line every tenth of the download. */
const plainProgress = (temporary, say) => {
  let told = 0
  return () => {
    const tenth = Math.floor((10 * largestFile(temporary)) / wheel.size)
    if (tenth <= told) return
    told = tenth
    say(`downloaded ${megabytes((wheel.size * tenth) / 10)} of ${megabytes(wheel.size)} MB (${tenth * 10} %)`)
  }
}

const largestFile = (directory) => {
  try {
    const names = fs.readdirSync(directory, { recursive: true })
    return Math.max(0, ...names.map((name) => sizeOf(path.join(directory, name))))
  } catch {
    return 0
  }
}

/** Runs a program, its standard output on the terminal or nowhere; `progress` is called twice a second. */
const run = (command, args, { terminal, env, progress }) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["ignore", terminal ? "inherit" : "ignore", "pipe"] })
    const stop = () => child.kill()
    process.once("exit", stop)
    let output = ""
    const collect = (bytes) => {
      output = (output + bytes).slice(-8000)
    }
    child.stderr.on("data", collect)
    const timer = setInterval(progress, 500)
    const done = (status) => {
      clearInterval(timer)
      process.off("exit", stop)
      resolve({ status, output })
    }
    child.on("error", (error) => {
      collect(error.message)
      done(1)
    })
    child.on("close", done)
  })
