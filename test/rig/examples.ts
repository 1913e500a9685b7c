import * as fs from "node:fs"
import * as path from "node:path"
import { Schema } from "effect"
import { root as checkout } from "./bundle.ts"
import { folder } from "./folder.ts"
import { layPackage, projectIn } from "./outside.ts"

const Change = { what: Schema.String, reruns: Schema.Array(Schema.String), says: Schema.optional(Schema.String) }

/** What an example says of itself in `example.json`. */
const Declaration = Schema.Struct({
  pipeline: Schema.String,
  /** The nodes that the first run computes, in topological order. */
  nodes: Schema.Array(Schema.String),
  /** Edits of a file, or options of the command: which nodes each reruns, and what one of their reasons says. */
  edits: Schema.Array(
    Schema.Union(
      Schema.Struct({ ...Change, file: Schema.String, from: Schema.String, to: Schema.String }),
      Schema.Struct({ ...Change, options: Schema.Array(Schema.String) })
    )
  )
})

const examples = path.join(checkout, "examples")

/** The folder in which `.ci/examples` installed them from the registry and the packed tarballs; null where they are to be laid. */
const installed = process.env.HEADRACE_EXAMPLES ?? null

const json = (at: string): unknown => JSON.parse(fs.readFileSync(at, "utf8"))

const Manifest = Schema.Struct({ dependencies: Schema.Record({ key: Schema.String, value: Schema.String }) })
const manifestOf = (name: string) => Schema.decodeUnknownSync(Manifest)(json(path.join(examples, name, "package.json")))

/** An example, and what its manifest depends on. */
export interface Example extends Schema.Schema.Type<typeof Declaration> {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** Those that are installed, or that need no more than the package which is laid into them. */
export const all: ReadonlyArray<Example> = fs
  .readdirSync(installed ?? examples)
  .filter((name) => fs.existsSync(path.join(examples, name, "example.json")))
  .map((name) => ({
    name,
    ...manifestOf(name),
    ...Schema.decodeUnknownSync(Declaration)(json(path.join(examples, name, "example.json")))
  }))
  .filter(({ dependencies }) => installed !== null || !("headrace-images" in dependencies))

let laid: Promise<string> | undefined

/** An example as a project outside of the repository: the installed one, or a copy with packages of this checkout. */
export const projectOf = async ({ name }: Example) => {
  if (installed !== null) return projectIn(path.join(installed, name))
  const packages = path.join(folder("headrace-example"), "node_modules")
  laid ??= layPackage(packages).then(() => packages)
  const root = path.join(folder("headrace-example"), name)
  const own = [".pipeline", "node_modules", "results"]
  fs.cpSync(path.join(examples, name), root, {
    recursive: true,
    filter: (from) => !own.includes(path.relative(path.join(examples, name), from))
  })
  fs.symlinkSync(await laid, path.join(root, "node_modules"))
  return projectIn(root)
}
