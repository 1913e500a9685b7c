import { Checkpoint } from "headrace"

/** All that the next epoch depends on: the weights by language, and the history so far. */
export const TrainingState = Checkpoint.make("TrainingState", 1)
