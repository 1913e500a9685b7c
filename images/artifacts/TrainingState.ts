import { Checkpoint } from "headrace"

/** A training after some epochs: weights, what the optimizer keeps of them, the best weights so far, the history. */
export const TrainingState = Checkpoint.make("TrainingState", 1)
