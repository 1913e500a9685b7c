import type { Entry } from "./FileTree.ts"
import { isImageName } from "./ImageNames.ts"

/** What a file of a dataset is meant as, by its name: nothing is read for it. */
type Meaning = "image" | "archive" | "data" | "document" | "unknown"

/** Archives and packed files, whether or not they can be read here: each may hold images. */
const archive =
  /\.(?:tar|t[gbx]z2?|tzst|tlz|zip|z\d\d|7z|rar|r\d\d|cab|iso|dmg|ar|cpio|(?:tar\.)?(?:gz|bz2|xz|zst|lz4?|lzma|br|z))(?:\.\d{3}|\.part\d*)?$/i

/** Tables, arrays, annotations and the like: labels lie in them, or pixels, and no picture by itself. */
const data =
  /\.(?:csv|tsv|jsonl?|ndjson|ya?ml|xml|txt|lst|idx|parquet|arrow|feather|avro|orc|np[yz]|h5|hdf5?|mat|pkl|pickle|pth?|safetensors|tfrecords?|rec|beton|lmdb|mdb|db|sqlite3?|xlsx?|ods)$/i

/** What people put beside a dataset for people. */
const document =
  /(?:^|\/)(?:readme|licen[cs]es?|copying|notice|authors|contributors|citation|changelog|contributing|about|terms)(?:\.[^/]*)?$|\.(?:md|rst|html?|pdf|docx?|odt|rtf|bib|cff|url|css|log|py|ipynb|sh)$/i

/** TensorFlow's shards say after their ending which they are: `cats.tfrecord-00000-of-00010`. */
const withoutShard = (path: string): string => path.replace(/-\d+-of-\d+$/, "")

const meaningOf = (path: string): Meaning => {
  if (isImageName(path)) return "image"
  if (archive.test(path)) return "archive"
  if (document.test(path)) return "document"
  return data.test(withoutShard(path)) ? "data" : "unknown"
}

/** Whether a file in a class folder may be an image: what has another known ending is none. */
export const mayBeImage = (path: string): boolean => {
  const meaning = meaningOf(path)
  return meaning === "image" || meaning === "unknown"
}

/** Whether a file is none that a class has, by its name: a folder of such alone, as of annotations, is no class. */
export const isNoClass = (path: string): boolean => {
  const meaning = meaningOf(path)
  return meaning === "data" || meaning === "document"
}

const mostNamed = 5

const listed = (names: ReadonlyArray<string>): string =>
  names.length <= mostNamed ? names.join(", ") : `${names.slice(0, mostNamed - 1).join(", ")}, … ${names.at(-1)}`

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

const endingOf = (path: string): string =>
  nameOf(withoutShard(path))
    .toLowerCase()
    .match(/.(\.tar\.\w+|\.[^.\s]{1,12})$/)?.[1] ?? "without an ending"

/** `3 .csv, 1 without an ending`, the most of them first. */
const byEnding = (paths: ReadonlyArray<string>): string => {
  const counts = new Map<string, number>()
  for (const path of paths) counts.set(endingOf(path), (counts.get(endingOf(path)) ?? 0) + 1)
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return listed(sorted.map(([ending, count]) => `${count} ${ending}`))
}

const count = (paths: ReadonlyArray<string>, one: string, many: string): string =>
  `${paths.length.toLocaleString("en-US")} ${paths.length === 1 ? one : many}`

/** Files by what they are meant as, sorted by path. */
const sorted = (entries: ReadonlyArray<Entry>) => {
  const paths = entries.map(({ path }) => path).sort()
  const of = (...meanings: ReadonlyArray<Meaning>) => paths.filter((path) => meanings.includes(meaningOf(path)))
  return { images: of("image"), archives: of("archive"), others: of("data", "unknown") }
}

/** What a tree without images holds instead, and what to do with it; null where that is nothing but documents. */
export const instead = (entries: ReadonlyArray<Entry>): { readonly what: string; readonly fix: string } | null => {
  const { archives, others } = sorted(entries)
  if (archives.length > 0) {
    return {
      what: `${count(archives, "archive", "archives")} (${listed(archives)})`,
      fix: "Unpack what is packed in it, and give the folder that then holds the class folders."
    }
  }
  if (others.length === 0) return null
  return {
    what: `${count(others, "other file", "other files")} (${byEnding(others)})`,
    fix: "Save each image as a file of its own, in a folder of its class's name."
  }
}

/**
 * The files of a dataset that nothing was read from, a sentence for each kind of them that could hold images or labels; none
 * for documents.
 */
export const notices = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> => {
  const { images, archives, others } = sorted(entries)
  const told = (paths: ReadonlyArray<string>, one: string, many: string, names: string) =>
    paths.length === 0 ? [] : [`${count(paths, `${one} is`, `${many} are`)} passed over (${names})`]
  const kinds = others.length === 1 ? `${others[0]}` : `${byEnding(others)}; such as ${others[0]}`
  return [
    ...told(images, "image", "images", listed(images)).map((what) => `${what}.`),
    ...told(archives, "archive", "archives", listed(archives)).map(
      (what) => `${what}. Unpack what belongs to the dataset.`
    ),
    ...told(others, "other file", "other files", kinds).map((what) => `${what}: classes are the names of folders.`)
  ]
}
