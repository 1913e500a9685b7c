import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, TestClock } from "effect"
import { describe } from "vitest"
import * as Executor from "../../engine/Executor.ts"
import { asking, CurrentRevision } from "../../engine/Revision.ts"
import { revisionOf } from "../../engine/revision-git.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { folder } from "../rig/folder.ts"
import * as Toys from "../rig/toys.ts"

const git = (at: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", ...args], {
    cwd: at,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"]
  }).trim()

/** A repository with the project in a folder of it. */
const repository = () => {
  const at = folder()
  const project = path.join(at, "project")
  fs.mkdirSync(project)
  git(at, "init", "--quiet")
  fs.writeFileSync(path.join(project, "stage.ts"), "one")
  fs.writeFileSync(path.join(project, ".gitignore"), "results\n")
  git(at, "add", "--all")
  return { at, project, commit: () => git(at, "commit", "--quiet", "--message", "One") }
}

const ask = (at: string, program?: string) => Effect.runPromise(revisionOf(at, program))

describe("what git tells of the project", () => {
  it("is its commit, and that nothing changed", async () => {
    const { project, commit } = repository()
    commit()
    fs.mkdirSync(path.join(project, "results"))
    fs.writeFileSync(path.join(project, "results", "metrics.json"), "{}")
    expect(await ask(project)).toEqual({ commit: git(project, "rev-parse", "HEAD"), isDirty: false })
  })

  it("is that files changed, or are new, within the project alone", async () => {
    const { at, project, commit } = repository()
    commit()
    fs.writeFileSync(path.join(at, "elsewhere.txt"), "new")
    expect(await ask(project)).toMatchObject({ isDirty: false })
    fs.writeFileSync(path.join(project, "other-stage.ts"), "new")
    expect(await ask(project)).toMatchObject({ isDirty: true })
    fs.rmSync(path.join(project, "other-stage.ts"))
    fs.writeFileSync(path.join(project, "stage.ts"), "changed")
    expect(await ask(project)).toMatchObject({ isDirty: true })
  })

  it("is enough to know where more changed than anybody reads", async () => {
    const { project, commit } = repository()
    commit()
    for (let at = 0; at < 600; at++) fs.writeFileSync(path.join(project, `${at}-${"long".repeat(40)}.ts`), "")
    expect(await ask(project)).toEqual({ commit: git(project, "rev-parse", "HEAD"), isDirty: true })
  })

  it("is nothing where there is no commit, no repository or no git", async () => {
    const { project } = repository()
    expect(await ask(project)).toBeNull()
    process.env.GIT_CEILING_DIRECTORIES = path.dirname(folder())
    expect(await ask(folder())).toBeNull()
    expect(await ask(project, "/nowhere/git")).toBeNull()
  })
})

const known = { commit: "1".repeat(40), isDirty: true }

describe("the record of a run", () => {
  const layer = () => Layer.provideMerge(Executor.layerInProcess(Toys.toy), Toys.memory().layer)

  it.effect("holds what was known when it began, a sweep's as well", () =>
    Effect.gen(function* () {
      expect((yield* Toys.runToy()).git).toEqual(known)
      const values = yield* Toys.params()
      const swept = yield* Sweep.run(Toys.toy, [values], { cores: 1, jobs: 1, varied: [] })
      expect(swept.git).toEqual(known)
    }).pipe(Effect.provideService(CurrentRevision, Effect.succeed(known)), Effect.provide(layer()))
  )

  it.effect("holds nothing where nobody knows", () =>
    Effect.gen(function* () {
      expect((yield* Toys.runToy()).git).toBeNull()
    }).pipe(Effect.provide(layer()))
  )

  it.effect("waits for no more than a second", () =>
    Effect.gen(function* () {
      const asked = yield* asking
      const waiting = yield* Effect.fork(asked)
      yield* TestClock.adjust("999 millis")
      expect(yield* Fiber.poll(waiting)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(waiting)).toBeNull()
    }).pipe(Effect.provideService(CurrentRevision, Effect.never))
  )

  it.effect("does so at the end of an interrupted run, too", () =>
    Effect.gen(function* () {
      const asked = yield* asking
      const found = yield* Deferred.make<unknown>()
      const run = yield* Effect.fork(Effect.onInterrupt(Effect.never, () => Effect.intoDeferred(asked, found)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(run)
      expect(yield* Deferred.await(found)).toEqual(known)
    }).pipe(Effect.provideService(CurrentRevision, Effect.succeed(known)))
  )
})
