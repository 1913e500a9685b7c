import * as fs from "node:fs"
import { Effect } from "effect"
import { lastWrites, runToEnd } from "../../cli/process-end.ts"

// A command that, once it is interrupted, takes longer than anybody waits for a worker: it writes a file after a while, tells
// that it does or not, or goes on for ever. It prints where it stands, as its parent's signals must not come too early.
const [file = "", how = "", writingMillis = ""] = process.argv.slice(2)
const writes = lastWrites()
const say = (word: string) => Effect.sync(() => void process.stdout.write(`${word}\n`))

const slowly = say("interrupted").pipe(
  Effect.zipRight(how === "writes for ever" ? Effect.never : Effect.sleep("1 second")),
  Effect.zipRight(Effect.sync(() => fs.writeFileSync(file, "written")))
)
runToEnd(
  // the first turn of the loop comes after the signals have their handlers
  Effect.sleep(0).pipe(
    Effect.zipRight(say("ready")),
    Effect.zipRight(Effect.never),
    Effect.ensuring(how === "does not tell" ? slowly : writes.during(slowly))
  ),
  () => undefined,
  writes.isWriting,
  { millis: 100, writingMillis: Number(writingMillis) }
)
