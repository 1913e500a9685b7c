import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import * as Disk from "../cache/disk.ts"
import { ObjectStore, readPart, type StoreFailed } from "../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../cache/object-store-disk.ts"
import * as Unfinished from "../cache/unfinished.ts"
import type { Made } from "./Audit.ts"
import { Executor, type Task } from "./Executor.ts"
import { asInputLost, type ExecuteFailure } from "./Failure.ts"
import * as NodeKey from "./NodeKey.ts"
import { objectsOf } from "./PlannedWork.ts"

/** Gives an object to another store under the same file system: under a second name, or by its bytes. */
const give =
  (from: typeof ObjectStore.Service, to: typeof ObjectStore.Service) => (object: Parameters<typeof from.get>[0]) =>
    Effect.gen(function* () {
      const [here, there] = [from.locate(object), to.locate(object)]
      const isLinked =
        here !== null &&
        there !== null &&
        (yield* Effect.promise(() =>
          Disk.makeDirectory(path.dirname(there))
            .then(() => fs.link(here, there))
            .then(
              () => true,
              () => false
            )
        ))
      if (!isLinked) yield* to.put(yield* from.get(object))
    })

/**
 * Computes a node in a store of its own beside the one at `home`, which has the node's inputs and is removed with the scope: nothing that
 * is kept is replaced by what comes out. `executorAt`: who computes in a store.
 */
export const computeAside =
  <E, R>(home: string, executorAt: (home: string) => Layer.Layer<Executor, E, R>) =>
  (task: Task): Effect.Effect<Made, ExecuteFailure | StoreFailed | E, Scope.Scope | ObjectStore | R> =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      // whoever is killed meanwhile leaves what any writer leaves that is killed
      const aside = Unfinished.nameIn(home)
      yield* Effect.acquireRelease(
        Disk.attempted("Creating", aside, () => fs.mkdir(aside, { recursive: true })),
        () => Effect.promise(() => fs.rm(aside, { recursive: true, force: true }))
      )
      const own = Context.get(yield* Layer.build(ObjectStoreDisk.layerDisk(aside)), ObjectStore)
      yield* Effect.forEach(objectsOf(NodeKey.needs(task.inputs)), give(store, own), { discard: true }).pipe(
        Effect.mapError(asInputLost)
      )
      const executor = Context.get(yield* Layer.build(executorAt(aside)), Executor)
      return { trace: yield* executor.execute(task), read: readPart(own) }
    })
