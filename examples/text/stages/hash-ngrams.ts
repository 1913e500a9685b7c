import { Schema } from "effect"
import { Param, Stage } from "headrace"
import { HashedNgrams } from "../artifacts/HashedNgrams.ts"
import { Passages } from "../artifacts/Passages.ts"
import { hash, ngrams } from "../linguistics/ngrams.ts"

/**
 * The hashing trick: an n-gram's bucket is its hash, so that no vocabulary is needed. Stored, chunk by chunk: trainings of a
 * sweep read what was made once.
 */
export const hashNgrams = Stage.map({
  name: "hash-ngrams",
  keep: "stored",
  inputs: { passages: Passages },
  params: {
    longest: Param.make(Schema.Int.pipe(Schema.between(1, 8)), 3, "Characters in the longest n-grams"),
    buckets: Param.make(Schema.Int.pipe(Schema.between(1, 65_536)), 512, "Features that n-grams are hashed into")
  },
  outputs: { ngrams: HashedNgrams },
  run: ({ text, language }, { longest, buckets }, room) => {
    const feature = room.feature([buckets])
    for (let n = 1; n <= longest; n++)
      for (const ngram of ngrams(text, n)) {
        const bucket = hash(ngram) % buckets
        feature.data[bucket] = (feature.data[bucket] ?? 0) + 1
      }
    const norm = Math.hypot(...feature.data)
    if (norm > 0) for (const [at, count] of feature.data.entries()) feature.data[at] = count / norm
    return { feature, language }
  }
})
