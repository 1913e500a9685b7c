import { Context, Data, Effect, Either, type Stream } from "effect"

/** Why a shared store did not do what it was asked. */
export type Cause =
  /** Nobody answers there, or not in time, or not to the end. */
  | "unreachable"
  /** It answers that it has too much to do, or that something is broken on its side. */
  | "busy"
  /** It refuses whoever asks. */
  | "forbidden"
  /** There is no such bucket or folder. */
  | "absent"
  /** It has no room left. */
  | "full"
  /** It answers something that the protocol does not have. */
  | "wrong"

/** What a shared store did not do. The message is a clause that follows the store's name: "answers 503". */
export class BlobsFailed extends Data.TaggedError("BlobsFailed")<{ readonly cause: Cause; readonly message: string }> {}

/** What lies in a shared store under a name. */
export interface Blob {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since 1970, by the clock of the store. */
  readonly modified: number
}

/** What lies in a shared store under no name yet. */
export interface Unfinished {
  readonly files: number
  readonly bytes: number
}

/** Where what is put is there whole or not at all, nothing is ever half-written. */
export const NOTHING_UNFINISHED: Unfinished = { files: 0, bytes: 0 }

/**
 * Bytes under names, which many machines have in common: the least that a shared store must do. Names are `/`-separated words of
 * letters, digits and `.`, `_`, `-`. Nothing that it gives is trusted.
 */
export class Blobs extends Context.Tag("headrace/Blobs")<
  Blobs,
  {
    /** The bytes of at most `most`; null where nothing has the name. More than that is `wrong`, and is not read. */
    readonly get: (name: string, most: number) => Effect.Effect<Uint8Array | null, BlobsFailed>
    /** How many bytes there are, without reading them; null where nothing has the name. */
    readonly size: (name: string) => Effect.Effect<number | null, BlobsFailed>
    /** Gives bytes a name that nothing has. Of many who do so at once, one is told true; bytes are there whole or not at all. */
    readonly putNew: (name: string, bytes: Uint8Array) => Effect.Effect<boolean, BlobsFailed>
    readonly remove: (name: string) => Effect.Effect<void, BlobsFailed>
    /**
     * Removes what writers left half-written who are gone: those of this machine at once, others once nothing of it has changed for a day, by the clock
     * of the store. What it was; where `isDry`, nothing is removed.
     */
    readonly tidy: (isDry: boolean) => Effect.Effect<Unfinished, BlobsFailed>
    /** All whose names begin so, in the order of their names. */
    readonly list: (prefix: string) => Stream.Stream<Blob, BlobsFailed>
  }
>() {}

/** How many ask for one new name at once, to find out whether a store lets one of them have it. */
const CONTENDERS = 8

/**
 * Whether a store keeps its promise that one of many gets a new name: there are such that ignore the condition, and such that
 * look before they write and are overtaken in between. Two who got it prove that it does not, whatever the others were told; else
 * every one of them must have been answered. Leaves nothing behind. A name serves one probe: what was sent for another, and was
 * not answered, may still arrive.
 */
export const givesNewNamesOnce = (blobs: typeof Blobs.Service, name: string): Effect.Effect<boolean, BlobsFailed> =>
  Effect.gen(function* () {
    const ask = (text: string) => Effect.either(blobs.putNew(name, new TextEncoder().encode(text)))
    const texts = Array.from({ length: CONTENDERS }, (_, at) => `contender ${at}`)
    const answers = yield* Effect.forEach(texts, ask, { concurrency: "unbounded" })
    // whoever was not answered at all needs not be asked once more
    if (answers.some(Either.isRight)) answers.push(yield* ask("too late"))
    const won = answers.filter((answer) => Either.isRight(answer) && answer.right).length
    if (won > 1) return false
    for (const answer of answers) if (Either.isLeft(answer)) return yield* answer
    return won === 1
  }).pipe(Effect.ensuring(Effect.ignore(blobs.remove(name))))
