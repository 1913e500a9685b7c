/**
 * The weights of a network, as Keras publishes them in files of HDF5.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Digest, Explained, type Files } from "headrace"
import { BoundedFile, SourceChanged } from "headrace/files"

/** One array of a weight file: row-major float32 of `shape`. */
export interface Weight {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array
}

/** The arrays of a Keras .h5 weight file, by `layer/weight`, such as `Conv1/kernel`. */
export type KerasWeights = ReadonlyMap<string, Weight>

/** A file that is no HDF5, is larger than a gibibyte, or holds something other than finite float32. */
export class WeightsUnreadable extends Explained.TaggedError<WeightsUnreadable>()(
  "WeightsUnreadable",
  {
    path: Schema.String,
    what: Schema.String
  },
  ({ path, what }) => ({
    what: `Weight file ${path} cannot be read: ${what}`,
    expected: "a complete Keras .h5 file of float32 arrays",
    fix: "Replace it with a fresh copy."
  })
) {}

/** What messages call the file; `inFile` gives it its name. */
const File = Schema.optionalWith(Schema.String, {
  /** What it is called before its name is known. */
  default: () => "the weight file"
})

/** A layer of the network has no such array in the file. */
export class WeightMissing extends Explained.TaggedError<WeightMissing>()(
  "WeightMissing",
  {
    layer: Schema.String,
    weight: Schema.String,
    file: File
  },
  ({ file, weight, layer }) => ({
    what: `In ${file} there is no "${weight}" of layer "${layer}"`,
    expected: "the weights of every layer of the network",
    fix: "Use the file that was made for this network."
  })
) {}

/** An array in the file has another shape than the network needs, mostly since it is of another width. */
export class WeightMisshapen extends Explained.TaggedError<WeightMisshapen>()(
  "WeightMisshapen",
  {
    layer: Schema.String,
    weight: Schema.String,
    found: Schema.Array(Schema.Int),
    expected: Schema.Array(Schema.Int),
    file: File
  },
  ({ file, weight, layer, found, expected }) => ({
    what: `In ${file} the weight "${weight}" of layer "${layer}" has the shape [${found.join(", ")}]`,
    expected: `[${expected.join(", ")}]`,
    fix: "Use the file that was made for this network, of the same width."
  })
) {}

/** The innermost line of an HDF5 error stack, which is the one that says why. */
const reason = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  const lines = [...text.matchAll(/^\s*#\d+: .* line \d+ in [^:]+: (.*)$/gm)]
  return lines.at(-1)?.[1] ?? text.split("\n", 1)[0] ?? text
}

/** Of the file and of its arrays: forty times the largest MobileNetV2; the file is twice in memory while it is read. */
const MOST_BYTES = 1 << 30

type Hdf5 = typeof import("h5wasm")

/** Throws on whatever is not as it should be. */
const parse = (h5: Hdf5, module: Awaited<Hdf5["ready"]>, bytes: Uint8Array): KerasWeights => {
  // the build with a file system of its own: a link inside a hostile file can't reach this machine's files
  const file = "/weights.h5"
  module.FS.writeFile(file, bytes)
  try {
    const root = new h5.File(file, "r")
    try {
      const found = new Map<string, Weight>()
      let bytesDeclared = 0
      for (const path of root.paths()) {
        const entity = root.get(path)
        if (!(entity instanceof h5.Dataset)) continue
        const { shape } = entity
        // a small file can declare, and a library make, any number of zeros
        bytesDeclared += 4 * (shape ?? []).reduce((product, size) => product * size, 1)
        if (bytesDeclared > MOST_BYTES) throw new Error(`its arrays have more than ${MOST_BYTES} bytes`)
        const { value } = entity
        if (shape === null || !(value instanceof Float32Array))
          throw new Error(`"${path}" holds ${JSON.stringify(entity.dtype)}`)
        // HDF5 keeps no checksums: damaged arrays are mostly noticed by numbers that are none
        if (!value.every(Number.isFinite)) throw new Error(`"${path}" holds numbers that are not finite`)
        const names = path.split("/")
        found.set(`${names[0]}/${names.at(-1)?.replace(/:\d+$/, "")}`, { shape, data: value })
      }
      return found
    } finally {
      root.close()
    }
  } finally {
    module.FS.unlink(file)
  }
}

/** Reads a weight file whole: a group a layer, in it arrays named like `kernel:0` at any depth. */
export const read = ({
  path,
  digest,
  label
}: Files.Files): Effect.Effect<KerasWeights, WeightsUnreadable | SourceChanged> =>
  Effect.gen(function* () {
    const unreadable = (error: unknown) => new WeightsUnreadable({ path, what: reason(error) })
    const bytes = yield* Effect.tryPromise({ try: () => BoundedFile.readLarge(path, MOST_BYTES), catch: unreadable })
    // what is computed is kept under the digest that the file had when the run began
    if (Digest.ofBytes(bytes) !== digest) return yield* new SourceChanged({ path, label })
    const h5 = yield* Effect.promise(() => import("h5wasm"))
    const module = yield* Effect.promise(() => h5.ready)
    return yield* Effect.try({
      try: () => {
        // otherwise errors go to stderr, and an array that can't be read comes back empty
        module.activate_throwing_error_handler()
        return parse(h5, module, bytes)
      },
      catch: unreadable
    })
  })

/** One array, of exactly this shape. */
export const find = (
  weights: KerasWeights,
  layer: string,
  weight: string,
  shape: ReadonlyArray<number>
): Effect.Effect<Float32Array, WeightMissing | WeightMisshapen> => {
  const found = weights.get(`${layer}/${weight}`)
  if (found === undefined) return new WeightMissing({ layer, weight })
  if (found.shape.join() !== shape.join())
    return new WeightMisshapen({ layer, weight, found: found.shape, expected: shape })
  return Effect.succeed(found.data)
}

/** Lets what is wrong with a weight name the file that it was read from. */
export const inFile =
  (file: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | WeightMissing | WeightMisshapen, R> =>
    Effect.mapError(effect, (error) => {
      if (error instanceof WeightMissing) return new WeightMissing({ layer: error.layer, weight: error.weight, file })
      if (!(error instanceof WeightMisshapen)) return error
      const { layer, weight, found, expected } = error
      return new WeightMisshapen({ layer, weight, found, expected, file })
    })
