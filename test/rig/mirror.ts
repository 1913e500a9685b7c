import * as fs from "node:fs"
import * as path from "node:path"
import type { Name } from "../../images/models/Backbone.ts"
import { folder } from "./folder.ts"
import { weightFile } from "./weight-file.ts"

/** The default network. */
export const WIDE: Name = "mobilenet_v2_1.0_224"
/** A network of a thirtieth of its work, for tests that are not about extraction. */
export const SLIM: Name = "mobilenet_v2_0.35_96"

/** A mirror that has random weights of these networks under their official names, so that no network is asked. */
export const mirror = (names: ReadonlyArray<Name> = [WIDE]): string => {
  const at = folder("headrace-mirror")
  for (const name of names) {
    const file = weightFile(name)
    fs.symlinkSync(file, path.join(at, path.basename(file)))
  }
  return at
}
