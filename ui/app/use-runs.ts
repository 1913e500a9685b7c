import { useEffect, useRef, useState } from "preact/hooks"
import type { RunList, RunRow } from "../Api.ts"
import { ask } from "./client.ts"

/** Rows that are asked for at a time. */
const PART = 200

export interface Asking {
  readonly filter: string
  readonly sort: string
  readonly hidden: boolean
}

export interface Runs {
  /** What is known of all of them; null before the first answer. */
  readonly list: RunList | null
  readonly error: string | null
  /** A row by its place; undefined while it is asked for. */
  readonly rowAt: (place: number) => RunRow | undefined
  /** Says which places are seen, so that their rows are asked for. */
  readonly see: (first: number, last: number) => void
}

/** The runs that are asked for, as many of them as are looked at: of ten thousand few are. */
export const useRuns = ({ filter, sort, hidden }: Asking, recorded: number): Runs => {
  const [list, setList] = useState<RunList | null>(null)
  const [error, setError] = useState<string | null>(null)
  const parts = useRef(new Map<number, ReadonlyArray<RunRow>>())
  const wanted = useRef(new Set<number>([0]))
  const asking = useRef(0)

  const load = async (part: number, id: number) => {
    const answer = await ask((client) =>
      client.runs({ urlParams: { filter, sort, hidden, from: part * PART, most: PART } })
    )
    // somebody typed on meanwhile
    if (asking.current !== id) return
    setError(answer.error)
    if (answer.value === null) return
    parts.current.set(part, answer.value.rows)
    setList(answer.value)
  }
  const loadAll = () => {
    const id = ++asking.current
    // what is not looked at now is asked for when it is
    for (const part of parts.current.keys()) if (!wanted.current.has(part)) parts.current.delete(part)
    for (const part of wanted.current) load(part, id)
  }

  useEffect(() => {
    parts.current.clear()
    wanted.current = new Set([0])
    loadAll()
  }, [filter, sort, hidden])
  useEffect(() => {
    if (recorded > 0) loadAll()
  }, [recorded])
  useEffect(() => {
    if (list === null || list.unread === 0) return
    const timer = setTimeout(loadAll, 500)
    return () => clearTimeout(timer)
  }, [list, filter, sort, hidden])

  return {
    list,
    error,
    rowAt: (place) => parts.current.get(Math.floor(place / PART))?.[place % PART],
    see: (first, last) => {
      const seen = new Set<number>()
      for (let part = Math.floor(first / PART); part <= Math.floor(last / PART); part++) seen.add(part)
      const isNew = [...seen].filter((part) => !parts.current.has(part) && !wanted.current.has(part))
      wanted.current = seen
      for (const part of isNew) load(part, asking.current)
    }
  }
}
