import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { Effect } from "effect"

const AVX512 = ["avx512f", "avx512bw", "avx512dq", "avx512vl"]
const AVX2 = ["avx2", "fma"]

/** The widest vector instructions among the flags of a processor, as native libraries tell them apart. */
export const widest = (flags: ReadonlySet<string>): "avx512" | "avx2" | "sse" => {
  if (AVX512.every((flag) => flags.has(flag))) return "avx512"
  return AVX2.every((flag) => flags.has(flag)) ? "avx2" : "sse"
}

/** The flags that Linux tells of an x64 processor; null where there are none. */
const flagsIn = (file: string): string | null => {
  try {
    return /^flags\s*:\s*(.*)$/m.exec(readFileSync(file, "latin1"))?.[1] ?? null
  } catch {
    return null
  }
}

/** The vectors of the processor that such a file describes; else its architecture and model, which tell at least as much. */
export const instructionsIn = (file: string): string => {
  const flags = flagsIn(file)
  return flags === null ? `${process.arch}, ${cpus()[0]?.model ?? "unknown"}` : widest(new Set(flags.split(" ")))
}

/** Sums are split by the width of a vector: another width gives other last bits. */
export const instructions = Effect.sync(() => instructionsIn("/proc/cpuinfo"))
