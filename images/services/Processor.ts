import { readFileSync } from "node:fs"
import { Effect } from "effect"

const AVX512 = ["avx512f", "avx512bw", "avx512dq", "avx512vl"]
const AVX2 = ["avx2", "fma"]

/** The widest vector instructions among the flags of a processor, as native libraries tell them apart. */
export const widest = (flags: ReadonlySet<string>): "avx512" | "avx2" | "sse" => {
  if (AVX512.every((flag) => flags.has(flag))) return "avx512"
  return AVX2.every((flag) => flags.has(flag)) ? "avx2" : "sse"
}

/** Sums are split by the width of a vector: another width gives other last bits. */
export const instructions = Effect.sync(() => {
  const [, flags = ""] = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "latin1")) ?? []
  return widest(new Set(flags.split(" ")))
})
