import { ArrowTable } from "headrace"
import { Readings } from "./Readings.ts"

/** A row a day, each once and complete. Its columns are those of readings, yet no stage takes the one for the other. */
export const Days = ArrowTable.make("Days", 1, Readings.columns)
