import { Context, Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Basis from "../engine/Kind.ts"
import { make } from "./bytes.ts"
import { checkpoint } from "./checkpoint.ts"
import { document } from "./document.ts"
import { figure } from "./figure.ts"
import { files } from "./files.ts"
import type { Kind } from "./Kind.ts"
import { table } from "./table.ts"

/** The kinds that every project has, and its own, which take the place of those whose names they have. */
export const withOwn = (own: ReadonlyArray<Kind>): Basis.ByName<Kind> =>
  Basis.byName([table, document, figure, files, checkpoint, ...own])

/** The kinds of the project whose command runs, by name. */
export class Kinds extends Context.Tag("headrace/AllKinds")<Kinds, Basis.ByName<Kind>>() {}

/** The kind of what is stored; what an older project had a kind for is bytes. */
export const kindOf = (kinds: Basis.ByName<Kind>, { kind }: Pick<Stored, "kind">): Kind =>
  kinds.get(kind) ?? make(Basis.of(kinds, kind))

/** The same in an effect. */
export const ofStored = (stored: Pick<Stored, "kind">): Effect.Effect<Kind, never, Kinds> =>
  Effect.map(Kinds, (kinds) => kindOf(kinds, stored))
