// Written by bin/registry.mjs from the files in pipelines/.
// biome-ignore-all format: written by the build
// biome-ignore-all assist/source/organizeImports: written by the build
import * as Pipeline from "../engine/Pipeline.ts"
import { convSweep } from "../pipelines/conv-sweep.ts"
import { deepCnn } from "../pipelines/deep-cnn.ts"
import { denseSweep } from "../pipelines/dense-sweep.ts"
import { explore } from "../pipelines/explore.ts"
import { simpleCnn } from "../pipelines/simple-cnn.ts"
import { transfer } from "../pipelines/transfer.ts"

export const pipelines = Pipeline.together([
  convSweep,
  deepCnn,
  denseSweep,
  explore,
  simpleCnn,
  transfer
])
