// Written by bin/registry.mjs from the files in stages/.
// biome-ignore-all format: written by the build
// biome-ignore-all assist/source/organizeImports: written by the build
import { augment } from "../stages/augment.ts"
import { dataset } from "../stages/dataset.ts"
import { describe } from "../stages/describe.ts"
import { evaluateNetwork } from "../stages/evaluate-network.ts"
import { evaluate } from "../stages/evaluate.ts"
import { extractFeatures } from "../stages/extract-features.ts"
import { ingest } from "../stages/ingest.ts"
import { mistakes } from "../stages/mistakes.ts"
import { mobilenetV2Weights } from "../stages/mobilenet-v2-weights.ts"
import { normalize } from "../stages/normalize.ts"
import { plotDataset } from "../stages/plot-dataset.ts"
import { plotMistakes } from "../stages/plot-mistakes.ts"
import { plotSweep } from "../stages/plot-sweep.ts"
import { plot } from "../stages/plot.ts"
import { resizeTo224 } from "../stages/resize-to-224.ts"
import { resize } from "../stages/resize.ts"
import { trainNetwork } from "../stages/train-network.ts"
import { train } from "../stages/train.ts"

/** What the files in stages/ export under their own names. */
export const exported: ReadonlyArray<unknown> = [
  augment,
  dataset,
  describe,
  evaluateNetwork,
  evaluate,
  extractFeatures,
  ingest,
  mistakes,
  mobilenetV2Weights,
  normalize,
  plotDataset,
  plotMistakes,
  plotSweep,
  plot,
  resizeTo224,
  resize,
  trainNetwork,
  train
]
