import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { type OutsideProject, outsideProject } from "../rig/outside.ts"

// An address with a password and a token goes through all that a project does with it, and neither is found anywhere afterwards.

const PASSWORD = "pa55-of-ada"
const SIGNATURE = "5ig-of-the-address"
const DECLARED = "declared-by-the-stage"
const url = (password = PASSWORD) =>
  `https://ada:${password}@data.example.org/cats.zip?X-Amz-Signature=${SIGNATURE}&page=2`

const STAGE = `
import { Effect, Schema } from "effect"
import { Document, Explained, Param, Remark, Stage } from "headrace"

export const Told = Document.make("Told", 1, Schema.Struct({ letters: Schema.Int }))

export class NoCats extends Explained.TaggedError<NoCats>()("NoCats", { url: Schema.String }, ({ url }) => ({
  what: \`\${url} has no cats\`,
  expected: "some",
  fix: \`Try \${url} again.\`
})) {}

export const fetchCats = Stage.make({
  name: "fetch-cats",
  inputs: {},
  params: {
    url: Param.make(Schema.String, "https://example.org/cats.zip", "Where the cats are"),
    fails: Param.make(Schema.Boolean, false, "Whether there are none")
  },
  secrets: ["CATS_TOKEN"],
  outputs: { told: Told },
  errors: NoCats,
  run: (_, { url, fails }) =>
    Effect.gen(function* () {
      console.log(\`asking \${url} as \${process.env.CATS_TOKEN}\`)
      yield* Remark.tell(Effect.succeed(\`asked \${url} as \${process.env.CATS_TOKEN}\`))
      if (fails) return yield* new NoCats({ url })
      return { told: { letters: url.length } }
    })
})
`
const PIPELINE = `
import { Pipeline } from "headrace"
import { fetchCats } from "../stages/fetch-cats.ts"

export const cats = Pipeline.make({
  name: "cats",
  description: "Cats from an address",
  params: fetchCats.params,
  build: (params) => {
    const { told } = fetchCats({}, params)
    const { told: mirrored } = fetchCats({}, { ...params, url: \`\${params.url}&mirror=1\` })
    return { told, mirrored }
  }
})
`

let project: OutsideProject
const said: Array<string> = []
const pipeline = async (code: number, ...args: ReadonlyArray<string>) => {
  const ended = await project.pipeline(...args)
  expect(ended.status, ended.stderr + ended.stdout).toBe(code)
  said.push(ended.stdout, ended.stderr)
  return ended
}

beforeAll(async () => {
  process.env.CATS_TOKEN = DECLARED
  project = await outsideProject()
  project.write("stages/fetch-cats.ts", STAGE)
  project.write("pipelines/cats.ts", PIPELINE)
})

const SECRETS = [PASSWORD, SIGNATURE, DECLARED]
/** Files that hold one of the secrets, but for the sources of the project and its build. */
const telling = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(project.at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => SECRETS.some((secret) => fs.readFileSync(file).includes(secret)))

it("what is secret in an address that a pipeline is given is told by no command and kept in no file", async () => {
  const { document } = await project.run("cats", "--url", url())
  const { run } = document
  expect(document.status, JSON.stringify(document)).toBe("done")
  // the stage had the address as it was given
  expect(document.results.told.letters).toBe(url().length)
  expect(document.params?.url ?? "").not.toContain(PASSWORD)
  said.push(JSON.stringify(document))
  await pipeline(0, "run", "cats", "--url", url())
  await pipeline(0, "plan", "cats", "--url", url())
  await pipeline(0, "why", "cats", "--url", url())
  await pipeline(1, "run", "cats", "--url", url(), "--fails", "true")
  await pipeline(1, "run", "cats", "--url", url(), "--fails", "true", "--json")
  await pipeline(0, "sweep", "cats", "--over", `url=${url()},${url("0ther-password")}`)
  for (const form of [[], ["--json"]]) {
    await pipeline(0, "list", ...form)
    await pipeline(0, "list", "cats", ...form)
    await pipeline(0, "inspect", "cats/told", ...form)
    await pipeline(0, "report", run, ...form)
    await pipeline(2, "run", "cats", "--url", url(), "--fails", url(), ...form)
  }
  expect(said.filter((text) => SECRETS.some((secret) => text.includes(secret)))).toEqual([])
  expect(said.some((text) => text.includes("https://***@data.example.org/cats.zip?X-Amz-Signature=***&page=2"))).toBe(
    true
  )
  expect([...telling(".pipeline"), ...telling("results")]).toEqual([])
})

it("another password is another key, and the same one is found again", async () => {
  const ran = async (password: string) => {
    const { document } = await project.run("cats", "--url", url(password))
    return document.nodes.filter(({ status }: { readonly status: string }) => status === "ran").length
  }
  expect(await ran(PASSWORD)).toBe(0)
  expect(await ran("a-new-password")).toBe(2)
  expect(await ran("a-new-password")).toBe(0)
})
