import { Effect } from "effect"
import { type Command, type Option, type Project, plain, textsGiven } from "../command/Command.ts"

const namespace: Option = {
  name: "--namespace",
  value: "NAME",
  description:
    "A part of the shared store that a key is trusted for: main by default, pr-* for all that begin so; repeat it for several",
  expected: "a namespace, or the beginning of several with a star",
  example: "main",
  isRepeated: true
}

/** Keys that sign what goes into a shared store, and whose results a project believes. */
export const key = <S>(_project: Project<S>): Command<S> =>
  plain<S>({
    name: "key",
    description: "Make a key that signs your results, and say whose results this project trusts",
    args: [
      { name: "ACTION", description: "new, trust, revoke or list" },
      { name: "NAME", description: "whose key it is", isOptional: true },
      { name: "KEY", description: "a public key, ed25519:…", isOptional: true }
    ],
    options: [namespace],
    needsNoStore: true,
    run: (given) =>
      // only who asks for keys loads what knows of them
      Effect.flatMap(
        Effect.promise(() => import("./keys.ts")),
        ({ carryOut }) => carryOut(given.args, textsGiven(given, namespace))
      )
  })
