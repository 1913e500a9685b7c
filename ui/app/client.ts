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

const NOTHING = { value: null, error: null }

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

/** Asks for something by its name, and again whenever `because` is another; what was there stays until the next answer of the same name comes. */
export const useAsked = <A, E>(
  asking: (client: Client) => Effect.Effect<A, E>,
  name: string,
  because: unknown = null
): Asked<A> => {
  const [asked, setAsked] = useState<Asked<A> & { readonly name: string }>({ ...NOTHING, name })
  useEffect(() => {
    let isWanted = true
    ask(asking).then((answer) => {
      if (isWanted)
        setAsked((before) => ({
          name,
          value: answer.value ?? (before.name === name ? before.value : null),
          error: answer.error
        }))
    })
    return () => {
      isWanted = false
    }
  }, [name, because])
  return asked.name === name ? asked : NOTHING
}

const decode = Schema.decodeSync(Schema.parseJson(Message))

/** After this long a connection is tried anew that the browser has given up, as it does where it is refused. */
const AGAIN_MILLIS = 3000

/** Hears what the server tells of runs that go on, until it is called off; where the connection breaks it is made anew. */
export const hear = (take: (message: Message) => void, isThere: (isThere: boolean) => void): (() => void) => {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    const opened = new EventSource("/api/live")
    source = opened
    opened.onmessage = ({ data }) => take(decode(data))
    opened.onopen = () => isThere(true)
    opened.onerror = () => {
      isThere(false)
      if (opened.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MILLIS)
    }
  }
  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = null
  }
  // a browser has few connections to a server: pages that nobody looks at leave theirs to others
  const seen = () => {
    if (document.hidden) close()
    else if (source === null) open()
  }
  document.addEventListener("visibilitychange", seen)
  seen()
  return () => {
    document.removeEventListener("visibilitychange", seen)
    close()
  }
}
