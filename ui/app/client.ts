import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { Effect, Exit, Schema } from "effect"
import { useEffect, useState } from "preact/hooks"
import { partsOf, sentence } from "../../artifacts/Explained.ts"
import * as Text from "../../artifacts/Text.ts"
import { asOption } from "../../cli/command/option-text.ts"
import { Api, Message } from "../Api.ts"

// What the page asks its server, by the schema that the server answers by.

const client = Effect.runSync(
  Effect.provide(HttpApiClient.make(Api, { baseUrl: globalThis.location.origin }), FetchHttpClient.layer)
)
export type Client = typeof client.ui

/** What was asked for: not there yet, there, or why it is not. */
export interface Asked<A> {
  readonly value: A | null
  readonly error: string | null
}

const textOf = (error: unknown): string => {
  const parts = partsOf(error)
  if (parts !== null) return Text.show(sentence(parts), asOption)
  return (error as { readonly _tag?: string })._tag === "RequestError"
    ? "The server does not answer: pipeline ui may have ended. Start it again, and reload this page."
    : String(error)
}

/** Asks once; the answer, or why there is none. */
export const ask = async <A, E>(asking: (client: Client) => Effect.Effect<A, E>): Promise<Asked<A>> => {
  const exit = await Effect.runPromiseExit(Effect.either(asking(client.ui)))
  if (Exit.isFailure(exit)) return { value: null, error: String(exit.cause) }
  return exit.value._tag === "Left"
    ? { value: null, error: textOf(exit.value.left) }
    : { value: exit.value.right, error: null }
}

/** Asks whenever one of these is another; what was there stays until the next answer comes. */
export const useAsked = <A, E>(
  asking: (client: Client) => Effect.Effect<A, E>,
  because: ReadonlyArray<unknown>
): Asked<A> => {
  const [asked, setAsked] = useState<Asked<A>>({ value: null, error: null })
  useEffect(() => {
    let isWanted = true
    ask(asking).then((answer) => {
      if (isWanted) setAsked((before) => ({ value: answer.value ?? before.value, error: answer.error }))
    })
    return () => {
      isWanted = false
    }
  }, because)
  return asked
}

const decode = Schema.decodeSync(Schema.parseJson(Message))

/** Hears what the server tells of runs that go on, until it is called off; a browser asks again by itself where the connection breaks. */
export const hear = (take: (message: Message) => void, isThere: (isThere: boolean) => void): (() => void) => {
  const source = new EventSource("/api/live")
  source.onmessage = ({ data }) => take(decode(data))
  source.onopen = () => isThere(true)
  source.onerror = () => isThere(false)
  return () => source.close()
}
