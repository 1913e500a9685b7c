// Written by bin/build.mjs from the files in stages/.
import { augment } from "../stages/augment.ts"
import { dataset } from "../stages/dataset.ts"
import { describe } from "../stages/describe.ts"
import { evaluate } from "../stages/evaluate.ts"
import { evaluateNetwork } from "../stages/evaluate-network.ts"
import { extractFeatures } from "../stages/extract-features.ts"
import { fitting } from "../stages/fitting.ts"
import { ingest } from "../stages/ingest.ts"
import { mistakes } from "../stages/mistakes.ts"
import { mobilenetV2Weights } from "../stages/mobilenet-v2-weights.ts"
import { normalize } from "../stages/normalize.ts"
import { plot } from "../stages/plot.ts"
import { plotDataset } from "../stages/plot-dataset.ts"
import { plotMistakes } from "../stages/plot-mistakes.ts"
import { plotSweep } from "../stages/plot-sweep.ts"
import { resize } from "../stages/resize.ts"
import { resizeTo224 } from "../stages/resize-to-224.ts"
import { resizing } from "../stages/resizing.ts"
import { sizes } from "../stages/sizes.ts"
import { tensorflowFacts } from "../stages/tensorflow-facts.ts"
import { train } from "../stages/train.ts"
import { trainNetwork } from "../stages/train-network.ts"

/** What the files in stages/ export under their own names. */
export const exported: ReadonlyArray<unknown> = [
  augment,
  dataset,
  describe,
  evaluate,
  evaluateNetwork,
  extractFeatures,
  fitting,
  ingest,
  mistakes,
  mobilenetV2Weights,
  normalize,
  plot,
  plotDataset,
  plotMistakes,
  plotSweep,
  resize,
  resizeTo224,
  resizing,
  sizes,
  tensorflowFacts,
  train,
  trainNetwork
]
