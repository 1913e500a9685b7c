/** A folder's name as a class: é is one letter, whether the system that stored it took one code point or two. */
export const classOf = (folder: string): string => folder.normalize("NFC")

const folded = (name: string): string => name.toLowerCase()

/**
 * Which class of the training images each name of another split means: the one of the same name, else the only one that
 * differs in upper and lower case alone (`Cat` and `cat`), else none but itself. `A` and `a` stay two where both are
 * trained on.
 */
export const matching = (trained: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlyMap<string, string> => {
  const byFold = new Map<string, Array<string>>()
  for (const name of trained) byFold.set(folded(name), [...(byFold.get(folded(name)) ?? []), name])
  return new Map(
    [...others].map((name) => {
      const [only, another] = trained.has(name) ? [name] : (byFold.get(folded(name)) ?? [])
      const isTaken = only === undefined || another !== undefined || (only !== name && others.has(only))
      return [name, isTaken ? name : only]
    })
  )
}
