import { Effect, Schema } from "effect"
import { ArrowTable, Explained, Param, Remark, Stage } from "headrace"
import { type LocalFile, readLocalFolder, SourceChanged, SourceRefused, SourceUnreadable } from "headrace/files"
import { Corpus } from "../artifacts/Corpus.ts"
import { Passages } from "../artifacts/Passages.ts"

/** There is nothing to tell apart. */
export class TooFewLanguages extends Explained.TaggedError<TooFewLanguages>()(
  "TooFewLanguages",
  { found: Schema.Array(Schema.String) },
  ({ found }) => ({
    what: `The corpus has ${found.length === 0 ? "no text" : `texts in ${found.join(", ")} alone`}`,
    expected: "files such as english.txt and german.txt, two or more",
    fix: "Add a file, or name another folder."
  })
) {}

interface Passage {
  readonly text: string
  readonly language: string
}

/** A text in passages of so many words; words that are left over make none. */
const passagesOf =
  (words: number) =>
  ({ path, bytes }: LocalFile): ReadonlyArray<Passage> => {
    const all = new TextDecoder().decode(bytes).trim().split(/\s+/)
    return Array.from({ length: Math.floor(all.length / words) }, (_, at) => ({
      text: all.slice(at * words, (at + 1) * words).join(" "),
      language: path.replace(/\.txt$/, "")
    }))
  }

const tableOf = (passages: ReadonlyArray<Passage>) =>
  ArrowTable.of(Passages, {
    text: passages.map(({ text }) => text),
    language: passages.map(({ language }) => language)
  })

/** Texts in passages, of which some are held out to test on: of each text every so many, so that all languages are there. */
export const splitPassages = Stage.make({
  name: "split-passages",
  inputs: { corpus: Corpus },
  params: {
    words: Param.make(Schema.Int.pipe(Schema.positive()), 4, "Words in a passage"),
    testEvery: Param.make(Schema.Int.pipe(Schema.greaterThan(1)), 4, "One passage of so many is tested on")
  },
  outputs: { train: Passages, test: Passages },
  errors: Schema.Union(TooFewLanguages, SourceChanged, SourceRefused, SourceUnreadable),
  run: ({ corpus }, { words, testEvery }) =>
    Effect.gen(function* () {
      const texts = (yield* readLocalFolder(corpus)).filter(({ path }) => path.endsWith(".txt"))
      const byLanguage = texts.map(passagesOf(words))
      const languages = byLanguage.flatMap(([first]) => first?.language ?? [])
      if (languages.length < 2) return yield* new TooFewLanguages({ found: languages })
      yield* Remark.tell(Effect.succeed(`languages: ${languages.join(", ")}`))
      const isTest = (_: unknown, at: number) => at % testEvery === testEvery - 1
      return {
        train: tableOf(byLanguage.flatMap((passages) => passages.filter((each, at) => !isTest(each, at)))),
        test: tableOf(byLanguage.flatMap((passages) => passages.filter(isTest)))
      }
    })
})
