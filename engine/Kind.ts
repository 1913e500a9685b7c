import { Context, Effect } from "effect"
import type { ArtifactUnreadable, Read, Stored } from "../artifacts/Artifact.ts"
import * as Document from "../artifacts/Document.ts"

/** What a run has to know of artifacts of one kind, whoever defined it; `kinds/Kind.ts` has all that is known of one. */
export interface Kind {
  /** What artifacts of it name as their kind, in kebab-case. */
  readonly name: string
  /** Whether people open it, where later stages read others: every run needs its bytes, and copies them to the results. */
  readonly isResult: boolean
  /** Whether what is stored is a picture, to be looked at one at a time: a sweep of a thousand points makes none of these. */
  readonly isPicture: (stored: Pick<Stored, "header">) => boolean
  /** Reads it as JSON, which runs tell, and of which metrics are taken; null for a kind that is no JSON. */
  readonly value: (<E>(stored: Stored, read: Read<E>) => Effect.Effect<unknown, E | ArtifactUnreadable>) | null
}

const bytes = (name: string): Kind => ({ name, isResult: false, isPicture: () => false, value: null })

export const table = bytes("table")
export const files = bytes("files")
export const checkpoint = bytes("checkpoint")
export const figure: Kind = { ...bytes("figure"), isResult: true, isPicture: () => true }
export const document: Kind = {
  name: "document",
  isResult: true,
  isPicture: (stored) => !Document.isToldWhole(stored),
  value: Document.json
}

/** Kinds by name. */
export type ByName<K extends Kind = Kind> = ReadonlyMap<string, K>

export const byName = <K extends Kind>(kinds: ReadonlyArray<K>): ByName<K> =>
  new Map(kinds.map((kind) => [kind.name, kind]))

/** The kinds of the project that is run. */
export class Kinds extends Context.Reference<Kinds>()("headrace/Kinds", {
  defaultValue: (): ByName => byName([table, files, checkpoint, figure, document])
}) {}

/** The kind of that name; what an older project had a kind for is bytes. */
export const of = (kinds: ByName, name: string): Kind => kinds.get(name) ?? bytes(name)

/** Reads what is stored as JSON; null where its kind says nothing so. */
export const readValue = <E>(
  stored: Stored,
  read: Read<E>
): Effect.Effect<{ readonly value: unknown } | null, E | ArtifactUnreadable> =>
  Effect.flatMap(Kinds, (kinds) => {
    const { value } = of(kinds, stored.kind)
    return value === null ? Effect.succeed(null) : Effect.map(value(stored, read), (found) => ({ value: found }))
  })
