import * as path from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Layer } from "effect"
import { FileDigests } from "../files/FileDigests.ts"
import { Place } from "../project/Place.ts"
import type { Given } from "../project/Project.ts"

/** What the stages, sources and layers of every project are given, in the command as in its workers. */
export const givenAt = (place: typeof Place.Service): Layer.Layer<Given> =>
  Layer.mergeAll(
    Layer.succeed(Place, place),
    FileDigests.layer({ directory: path.join(place.home, "sources") }),
    NodeFileSystem.layer
  )
