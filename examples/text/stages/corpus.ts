import { Schema } from "effect"
import { Param, Source } from "headrace"
import { local } from "headrace/files"
import { Corpus } from "../artifacts/Corpus.ts"

export const corpus = Source.make({
  name: "corpus",
  artifact: Corpus,
  params: {
    corpus: Param.make(Schema.NonEmptyString, "data/languages", "A folder with a text file a language, named after it")
  },
  resolve: ({ corpus }) => local(corpus)
})
