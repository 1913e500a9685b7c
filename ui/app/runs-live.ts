import { createContext } from "preact"
import { useEffect, useState } from "preact/hooks"
import * as Live from "../../engine/Live.ts"
import type { Going, Message } from "../Api.ts"
import { hear } from "./client.ts"

/** A run that this page has watched, as far as it is known. */
export interface Watched {
  readonly run: string
  /** Null where it went on before this page was open, and is over. */
  readonly going: Going | null
  readonly live: Live.Live
  readonly over: Extract<Message, { readonly _tag: "Over" }> | null
}

/** All that the server told since this page is open. */
export interface Told {
  readonly watched: ReadonlyMap<string, Watched>
  /** How often there were other records than before. */
  readonly recorded: number
  /** Whether it said yet which go on. */
  readonly isHeard: boolean
  /** Whether the server answers. */
  readonly isThere: boolean
}

export const goesOn = ({ going, over }: Watched): boolean => going !== null && over === null

const NOTHING: Told = { watched: new Map(), recorded: 0, isHeard: false, isThere: true }
export const ToldContext = createContext<Told>(NOTHING)

const unknown = (run: string): Watched => ({ run, going: null, live: Live.empty(), over: null })

/** Of runs that are over so many stay: a page is open for days. */
const MOST_OVER = 20

/** Forgets those that were over first. */
const forget = (watched: Map<string, Watched>): void => {
  const over = [...watched.values()].filter((each) => each.over !== null)
  for (const { run } of over.slice(0, -MOST_OVER)) watched.delete(run)
}

const after = (watched: Map<string, Watched>, message: Message): void => {
  const change = (run: string, to: (known: Watched) => Watched) =>
    watched.set(run, to(watched.get(run) ?? unknown(run)))
  switch (message._tag) {
    case "Going":
      for (const going of message.runs) change(going.run, (known) => ({ ...known, going, over: null }))
      return
    case "Told":
      change(message.run, (known) => {
        const live = message.isAnew ? Live.empty() : known.live
        for (const event of message.events) Live.take(live, event)
        return { ...known, live }
      })
      return
    case "Over":
      change(message.run, (known) => ({ ...known, over: message }))
      forget(watched)
      return
    case "Recorded":
      return
  }
}

/** Listens as long as the page is open, for all of its parts. */
export const useTold = (): Told => {
  const [told, setTold] = useState<Told>(NOTHING)
  useEffect(() => {
    const watched = new Map<string, Watched>()
    let recorded = 0
    return hear(
      (message) => {
        after(watched, message)
        if (message._tag === "Recorded") recorded += 1
        setTold(({ isHeard }) => ({
          watched: new Map(watched),
          recorded,
          isHeard: isHeard || message._tag === "Going",
          isThere: true
        }))
      },
      (isThere) => {
        // what is told after a pause is told from the beginning
        if (isThere) watched.clear()
        setTold((before) => ({ ...before, isThere }))
      }
    )
  }, [])
  return told
}
