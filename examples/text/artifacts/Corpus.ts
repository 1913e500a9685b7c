import { Files } from "headrace"

/** A folder with a text file a language, named after it. */
export const Corpus = Files.make("Corpus", 1)
