// Written by bin/build.mjs from the files in pipelines/.
import { transfer } from "../pipelines/transfer.ts"

export const pipelines = [transfer] as const
