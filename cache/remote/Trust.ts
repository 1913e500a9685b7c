import { Schema } from "effect"
import { PublicKey } from "./Signature.ts"

// Whose traces are believed, for which namespaces: what a project's `headrace.keys.json` says.

/**
 * A part of a shared store whose traces are believed together, such as `main` or `pr-7`: what one's writers put there never
 * serves another.
 */
export const Namespace = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  Schema.brand("Namespace")
).annotations({ description: "a name of small letters, digits, dots and hyphens, such as main" })
export type Namespace = typeof Namespace.Type

/** A namespace, or the beginning of several: `pr-*`. */
const Scope = Schema.String.pipe(Schema.pattern(/^([a-z0-9][a-z0-9._-]{0,62}\*?|\*)$/))

/** What people call a key: they are never told a key alone. */
const Name = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64), Schema.pattern(/^[^\p{Cc}]+$/u))

export const TrustedKey = Schema.Struct({ name: Name, key: PublicKey, namespaces: Schema.Array(Scope) })
export type TrustedKey = typeof TrustedKey.Type

export const RevokedKey = Schema.Struct({
  name: Name,
  key: PublicKey,
  /** ISO 8601, UTC. */
  since: Schema.String.pipe(Schema.maxLength(32))
})
export type RevokedKey = typeof RevokedKey.Type

/** A key that is revoked is believed no more, whatever it signed and whenever: nobody can tell when that was. */
export const Trust = Schema.Struct({ trusted: Schema.Array(TrustedKey), revoked: Schema.Array(RevokedKey) })
export type Trust = typeof Trust.Type

const covers = (scope: string, namespace: Namespace): boolean =>
  scope.endsWith("*") ? namespace.startsWith(scope.slice(0, -1)) : scope === namespace

/** What a key is to a namespace. */
export type Standing =
  | { readonly _tag: "Trusted"; readonly name: string }
  | { readonly _tag: "Revoked"; readonly name: string }
  | { readonly _tag: "Elsewhere"; readonly name: string }
  | { readonly _tag: "Unknown" }

export const standing = ({ trusted, revoked }: Trust, key: PublicKey, namespace: Namespace): Standing => {
  const gone = revoked.find((one) => one.key === key)
  if (gone !== undefined) return { _tag: "Revoked", name: gone.name }
  const known = trusted.filter((one) => one.key === key)
  const here = known.find(({ namespaces }) => namespaces.some((scope) => covers(scope, namespace)))
  if (here !== undefined) return { _tag: "Trusted", name: here.name }
  const [other] = known
  return other === undefined ? { _tag: "Unknown" } : { _tag: "Elsewhere", name: other.name }
}
