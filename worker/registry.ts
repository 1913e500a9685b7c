// Written by bin/build.mjs from the files in pipelines/.
import { deepCnn } from "../pipelines/deep-cnn.ts"
import { simpleCnn } from "../pipelines/simple-cnn.ts"
import { transfer } from "../pipelines/transfer.ts"

export const pipelines = [deepCnn, simpleCnn, transfer] as const
