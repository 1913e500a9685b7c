import { Effect } from "effect"
import { trainOnce } from "./train-once.ts"

Effect.runPromise(trainOnce).then((digest) => process.stdout.write(`digest ${digest}\n`))
