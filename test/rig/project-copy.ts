import * as fs from "node:fs"
import * as path from "node:path"

const checkout = path.resolve(import.meta.dirname, "../..")

const SOURCES = [
  "api",
  "artifacts",
  "bin",
  "cache",
  "cli",
  "cluster",
  "engine",
  "files",
  "images",
  "kinds",
  "pipelines",
  "project",
  "stages",
  "ui",
  "worker",
  "headrace.config.ts",
  "package.json",
  "tsconfig.json"
]

/** Copies the project to a folder; the packages are shared. */
export const copyProject = (root: string): void => {
  for (const name of SOURCES) {
    fs.cpSync(path.join(checkout, name), path.join(root, name), { recursive: true })
  }
  fs.symlinkSync(path.join(checkout, "node_modules"), path.join(root, "node_modules"))
}

/** Where a project keeps what it is built to. */
export const buildsOf = (root: string): string => path.join(root, ".pipeline/build")
