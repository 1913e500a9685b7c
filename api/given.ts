import * as path from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Layer } from "effect"
import { FileDigests } from "../files/FileDigests.ts"
import { Place } from "../project/Place.ts"
import type { Given } from "../project/Project.ts"

/**
 * What the stages, sources and layers of every project are given, in the command as in its workers and in tests. `digests`: where
 * those of files are remembered; null where they are not.
 */
export const givenAt = (
  place: typeof Place.Service,
  digests: string | null = path.join(place.home, "sources")
): Layer.Layer<Given> =>
  Layer.mergeAll(Layer.succeed(Place, place), FileDigests.layer({ directory: digests }), NodeFileSystem.layer)
