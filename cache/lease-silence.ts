/** A file's stamp as it was last looked at, and for how long it has been seen to stay as it is. */
interface Watched {
  readonly stamp: string
  readonly lookedAt: number
  readonly silent: number
}

/**
 * How long files have stayed as they are, by the looker's own clock, which must be a monotonic one in milliseconds: what
 * clock another host stamps its leases by means nothing here. Between two looks at most `mostMillis` count, so that a looker
 * that was itself stopped or suspended does not take that time for another's silence.
 */
export const watching = (mostMillis: number) => {
  const watched = new Map<string, Watched>()
  return {
    /** Milliseconds since `stamp` was first seen; any other stamp starts anew. */
    look: (file: string, stamp: string, now: number): number => {
      const before = watched.get(file)
      const silent = before?.stamp === stamp ? before.silent + Math.min(now - before.lookedAt, mostMillis) : 0
      watched.set(file, { stamp, lookedAt: now, silent })
      return silent
    },
    forget: (file: string): void => void watched.delete(file)
  }
}
export type Watching = ReturnType<typeof watching>
