import { Effect, Stream } from "effect"
import { limits } from "./ArchiveRules.ts"
import * as CifarFormat from "./CifarFormat.ts"
import * as TarArchive from "./TarArchive.ts"

/** What an archive of CIFAR-10's binary version holds: the names of its ten classes, and the records of each split. */
interface Contents {
  readonly classes: ReadonlyArray<string>
  readonly train: Uint8Array
  readonly test: Uint8Array
}

const blockBytes = 512

/** The header of a regular file as POSIX.1-1988 (ustar) has it, without owner and time. */
const header = (path: string, size: number): Uint8Array => {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, at: number, digits: number) =>
    block.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1")
  block.write(path, "latin1")
  octal(0o644, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(0, 136, 11)
  block.write("0", 156, "latin1")
  block.write("ustar\u000000", 257, "latin1")
  // the sum is taken with its own field full of spaces
  block.fill(" ", 148, 156)
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6
  )
  return block
}

const entry = (path: string, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([header(path, bytes.length), bytes, Buffer.alloc(-bytes.length & (blockBytes - 1))])

const folder = "cifar-10-batches-bin"

/** An uncompressed tar: equal contents are equal bytes, whoever packs them, which no two gzips promise. */
export const pack = ({ classes, train, test }: Contents): Uint8Array =>
  Buffer.concat([
    entry(`${folder}/batches.meta.txt`, Buffer.from(`${classes.join("\n")}\n\n`)),
    entry(`${folder}/data_batch_1.bin`, train),
    entry(`${folder}/test_batch.bin`, test),
    Buffer.alloc(2 * blockBytes)
  ])

/** The first bytes of some files of an archive, as many as are wanted of each. */
const heads = (archive: string, wanted: ReadonlyMap<string, number>) =>
  TarArchive.pieces(archive, limits, new Set(wanted.keys())).pipe(
    Stream.runFold(new Map<string, ReadonlyArray<Uint8Array>>(), (found, { path, bytes }) => {
      const before = found.get(path) ?? []
      const missing = (wanted.get(path) ?? 0) - before.reduce((sum, part) => sum + part.length, 0)
      // a copy, since a view would keep the whole piece in memory
      return missing <= 0 ? found : found.set(path, [...before, bytes.slice(0, missing)])
    }),
    Effect.map(
      (found) =>
        (path: string): Uint8Array =>
          Buffer.concat(found.get(path) ?? [])
    )
  )

/** How many of the first training and test records are kept. */
export interface Part {
  readonly train: number
  readonly test: number
}

/** The first records of an official archive's first training batch and of its test batch, as an archive of its kind. */
export const cut = (archive: string, { train, test }: Part): Effect.Effect<Uint8Array, TarArchive.TarError> => {
  const [first, tested] = [`${folder}/data_batch_1.bin`, `${folder}/test_batch.bin`]
  const { cifar10, standardNames } = CifarFormat
  return Effect.map(
    heads(
      archive,
      new Map([
        [first, train * cifar10.recordBytes],
        [tested, test * cifar10.recordBytes]
      ])
    ),
    (of) => pack({ classes: standardNames, train: of(first), test: of(tested) })
  )
}
