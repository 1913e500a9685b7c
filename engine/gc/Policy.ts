// What goes of a store that is to be smaller, and in which order: a function of what lies there and of what is kept, which touches nothing.

/** A file, by what counts of it. */
export interface Held {
  readonly file: string
  readonly bytes: number
  /** The same for all names of the same bytes. */
  readonly inode: string
  /** How many names the bytes have: they are free when all of these are gone. */
  readonly names: number
  /** Its time stamp, by which it is told whether somebody has put it anew. */
  readonly modified: number
}

/** Why something stays, whatever it costs to keep. */
export type Spared =
  | "pinned"
  | "in use"
  | "newest run"
  | "kept run"
  | "not uploaded"
  | "just written"
  /** What the store says of itself. */
  | "the store's own"

/** In which turn something goes: all that can goes of one before anything of the next does. */
export type Turn =
  /** What nobody can find or use: what was left unfinished, objects that no trace names, older builds. */
  | "rubbish"
  /** What can be made again: the cheapest first. */
  | "priced"
  /** Metrics, histories and other small results: the oldest first. */
  | "small"
  /** Traces of which nothing is left, by which others still hit: the oldest first. */
  | "trace"
  /** What runs and sweeps left word of: the oldest first. */
  | "record"

/** What goes or stays together. */
export interface Unit {
  readonly turn: Turn
  /** As people are told of it: a stage's name, or what kind of thing it is. */
  readonly group: string
  /** An object may be of several units, and goes with the last. */
  readonly files: ReadonlyArray<Held>
  /** The folder that holds them and nothing else, and goes as a whole, with its time stamp; null where each goes by itself. */
  readonly folder: { readonly path: string; readonly modified: number } | null
  /** Whether commands read it where it lies, and do not say which: it goes while none is running. */
  readonly isRead: boolean
  /** What it takes to make it again, once what it is made of is there. */
  readonly seconds: number
  /** How often that would be to pay: at least once, and once for each time that it was found. */
  readonly uses: number
  /** When it was made, in milliseconds since 1970. */
  readonly made: number
  readonly spared: Spared | null
  /** The key whose computing makes it, which is paid for once; null for what no stage makes. */
  readonly key: string | null
  /** Contents that it holds, and those that it is made of. */
  readonly makes: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
  /** Files of which none may be left before it goes. */
  readonly after: ReadonlyArray<string>
}

/** What is wanted. */
export interface Goal {
  /** The size that the store may have; null where all that is not kept is to go, of what can be made again. */
  readonly bytes: number | null
  /** Records of before this go, in milliseconds since 1970; null where none is asked for. */
  readonly recordsBefore: number | null
}

/** A unit that goes, the files that go with it, and how many bytes are free then. */
export interface Going {
  readonly unit: Unit
  readonly files: ReadonlyArray<Held>
  readonly frees: number
}

export interface Decision {
  readonly goes: ReadonlyArray<Going>
  /** Of all that lies there, each byte once. */
  readonly before: number
  readonly after: number
  /** What it would take to make all that goes again, with what that is made of. */
  readonly seconds: number
  /** Bytes that stay for a reason, each told once, by the first. */
  readonly spared: ReadonlyMap<Spared, number>
}

export type Policy = (
  units: ReadonlyArray<Unit>,
  goal: Goal,
  /** Units that are gone already: what is made of them is the dearer. */
  missing?: ReadonlyArray<Unit>
) => Decision

/** Records may take this share of what a store may hold before the oldest go. */
export const RECORDS_SHARE = 0.1

const idOf = ({ key, files, group }: Unit): string => key ?? files[0]?.file ?? group

/** What making things again takes, as things go. */
const rebuilding = (units: ReadonlyArray<Unit>, missing: ReadonlyArray<Unit>) => {
  const gone = new Set(missing)
  const makers = new Map<string, Array<Unit>>()
  for (const unit of [...missing, ...units])
    for (const content of unit.makes) {
      const found = makers.get(content)
      if (found === undefined) makers.set(content, [unit])
      else found.push(unit)
    }
  /** The cheapest that makes a content of which nothing is left; none where it is there, or comes from outside. */
  const lacking = (content: string): ReadonlyArray<Unit> => {
    const found = makers.get(content) ?? []
    if (found.length === 0 || found.some((unit) => !gone.has(unit))) return []
    return [found.reduce((cheapest, unit) => (unit.seconds < cheapest.seconds ? unit : cheapest))]
  }
  /** Seconds for all of them, and for what is gone above them, each key once. */
  const seconds = (wanted: ReadonlyArray<Unit>): number => {
    const paid = new Set<string>()
    const waiting = [...wanted]
    let sum = 0
    for (let unit = waiting.pop(); unit !== undefined; unit = waiting.pop()) {
      const id = idOf(unit)
      if (paid.has(id)) continue
      paid.add(id)
      sum += unit.seconds
      for (const content of unit.needs) waiting.push(...lacking(content))
    }
    return sum
  }
  return { seconds, lose: (unit: Unit) => void gone.add(unit) }
}

/** How many bytes are there, as files go. */
const counting = (units: ReadonlyArray<Unit>) => {
  const holders = new Map<string, number>()
  const names = new Map<string, number>()
  const gone = new Set<string>()
  let total = 0
  for (const unit of units)
    for (const { file, inode, bytes, names: all } of unit.files) {
      holders.set(file, (holders.get(file) ?? 0) + 1)
      if (names.has(inode)) continue
      names.set(inode, all)
      total += bytes
    }
  return {
    total: () => total,
    isGone: (file: string) => gone.has(file),
    /** A unit's part in its files: what several hold is freed by all of them together. */
    share: ({ files }: Unit) =>
      files.reduce(
        (sum, { file, inode, bytes }) => sum + bytes / (holders.get(file) ?? 1) / (names.get(inode) ?? 1),
        0
      ),
    /** Takes a unit away: the files that nobody else holds, and the bytes that have no other name. */
    lose: (unit: Unit): Omit<Going, "unit"> => {
      let frees = 0
      const files = unit.files.filter(({ file, inode, bytes }) => {
        const left = (holders.get(file) ?? 1) - 1
        holders.set(file, left)
        if (left > 0) return false
        gone.add(file)
        const others = (names.get(inode) ?? 1) - 1
        names.set(inode, others)
        if (others <= 0) frees += bytes
        return true
      })
      total -= frees
      return { files, frees }
    }
  }
}

const oldestFirst = (units: ReadonlyArray<Unit>): ReadonlyArray<Unit> => [...units].sort((a, b) => a.made - b.made)

/** Where something of this price belongs among those that are sorted with the cheapest last. */
const placeOf = (sorted: ReadonlyArray<{ readonly price: number }>, price: number): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle]?.price ?? 0) > price) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Units by what they cost to lose, the cheapest first: seconds to make them again, as often as they were found, a byte. A price rises
 * when what the unit is made of goes, and is looked at again when it is its turn; of equals the oldest goes first.
 */
const cheapestFirst = function* (units: ReadonlyArray<Unit>, priceOf: (unit: Unit) => number): Generator<Unit> {
  const sorted = units
    .map((unit) => ({ unit, price: priceOf(unit) }))
    .sort((a, b) => b.price - a.price || b.unit.made - a.unit.made)
  for (let next = sorted.pop(); next !== undefined; next = sorted.pop()) {
    const price = priceOf(next.unit)
    const following = sorted.at(-1)
    if (price > next.price && following !== undefined && price > following.price)
      sorted.splice(placeOf(sorted, price), 0, { unit: next.unit, price })
    else yield next.unit
  }
}

/** Decides what goes so that the goal is met, or as nearly as it can be. */
export const choose: Policy = (units, { bytes, recordsBefore }, missing = []) => {
  const count = counting(units)
  const rebuild = rebuilding(units, missing)
  const before = count.total()
  const goes: Array<Going> = []
  const isOver = () => bytes === null || count.total() > bytes
  const lose = (unit: Unit): void => {
    rebuild.lose(unit)
    goes.push({ unit, ...count.lose(unit) })
  }
  const inTurn = (turn: Turn) => units.filter((unit) => unit.turn === turn && unit.spared === null)
  const priceOf = (unit: Unit) => (unit.uses * rebuild.seconds([unit])) / Math.max(count.share(unit), 1)

  for (const unit of inTurn("rubbish")) if (isOver()) lose(unit)
  const records = oldestFirst(inTurn("record"))
  for (const unit of records) if (recordsBefore !== null && unit.made < recordsBefore) lose(unit)
  // what others have that stay is not freed, whatever is lost beside them
  const staying = new Set(
    units.flatMap(({ spared, files }) => (spared === null ? [] : files.map(({ inode }) => inode)))
  )
  const isWorth = ({ files }: Unit) => files.some(({ inode }) => !staying.has(inode))
  for (const unit of cheapestFirst(inTurn("priced").filter(isWorth), priceOf)) {
    if (!isOver()) break
    lose(unit)
  }
  if (bytes !== null) {
    for (const unit of oldestFirst(inTurn("small").filter(isWorth))) if (isOver()) lose(unit)
    for (const unit of oldestFirst(inTurn("trace"))) if (isOver() && unit.after.every(count.isGone)) lose(unit)
    const lost = new Set(goes.map(({ unit }) => unit))
    const sizeOf = ({ files }: Unit) => files.reduce((sum, file) => sum + file.bytes, 0)
    let size = units.reduce((sum, unit) => (unit.turn === "record" && !lost.has(unit) ? sum + sizeOf(unit) : sum), 0)
    for (const unit of records) {
      if (lost.has(unit) || !isOver() || size <= bytes * RECORDS_SHARE) continue
      size -= sizeOf(unit)
      lose(unit)
    }
  }
  return {
    goes,
    before,
    after: count.total(),
    seconds: rebuild.seconds(goes.map(({ unit }) => unit)),
    spared: sparedBytes(units)
  }
}

const sparedBytes = (units: ReadonlyArray<Unit>): ReadonlyMap<Spared, number> => {
  const told = new Set<string>()
  const bytes = new Map<Spared, number>()
  for (const { spared, files } of units)
    for (const file of files) {
      if (spared === null || told.has(file.inode)) continue
      told.add(file.inode)
      bytes.set(spared, (bytes.get(spared) ?? 0) + file.bytes)
    }
  return bytes
}
