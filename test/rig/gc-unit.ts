import type { Unit } from "../../engine/gc/Policy.ts"

/** A result that can be made again, of which nothing is special but what a test says. */
export const unitOf = (own: Partial<Unit>): Unit => ({
  turn: "priced",
  group: "s",
  files: [],
  folder: null,
  isRead: false,
  seconds: 1,
  uses: 1,
  made: 0,
  spared: null,
  key: null,
  makes: [],
  needs: [],
  after: [],
  ...own
})
