import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Processor from "../../../images/services/Processor.ts"

it("the widest vectors are those that all of a family's flags are there for", () => {
  const family = (flags: string) => Processor.widest(new Set(flags.split(" ")))
  expect(family("sse4_2 avx avx2 fma avx512f avx512bw avx512dq avx512vl")).toBe("avx512")
  // the first AVX-512 processors lack what the libraries ask for
  expect(family("sse4_2 avx avx2 fma avx512f avx512cd")).toBe("avx2")
  expect(family("sse4_2 avx")).toBe("sse")
})

it.effect("this machine's are known", () =>
  Effect.map(Processor.instructions, (found) => expect(["avx512", "avx2", "sse"]).toContain(found))
)
