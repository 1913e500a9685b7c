import type { Entry } from "./FileTree.ts"

/** Which of CIFAR's two datasets, in which of the three forms that its home offers (https://www.cs.toronto.edu/~kriz/cifar.html). */
export interface CifarVersion {
  readonly dataset: "CIFAR-10" | "CIFAR-100"
  readonly form: "binary" | "Python" | "MATLAB"
}

const split = (path: string): readonly [folder: string, name: string] => {
  const slash = path.lastIndexOf("/")
  return [path.slice(0, slash + 1), path.slice(slash + 1)]
}

const batch10 = /^(?:data_batch_\d+|test_batch)(\.bin|\.mat|)$/
const forms = { ".bin": "binary", ".mat": "MATLAB", "": "Python" } as const

/** What else lies in the folder of a CIFAR-100 tells its `train` and `test` from others of these names. */
const beside100 = { ".bin": "fine_label_names.txt", ".mat": "meta.mat", "": "meta" } as const

/** What a tree holds of CIFAR, by the names of its files; null for what is none of it. */
export const of = (entries: ReadonlyArray<Entry>): CifarVersion | null => {
  const folders = new Map<string, Set<string>>()
  for (const { path } of entries) {
    const [folder, name] = split(path)
    const names = folders.get(folder) ?? new Set()
    folders.set(folder, names.add(name))
  }
  for (const [folder, names] of folders) {
    for (const [ending, form] of Object.entries(forms)) {
      const batches = [...names].filter((name) => batch10.exec(name)?.[1] === ending)
      // a file without an ending could be anybody's: the classes' names or a second batch say that it is this
      if (batches.length > (ending === "" && !names.has("batches.meta") ? 1 : 0)) return { dataset: "CIFAR-10", form }
      const isNamed = folder.endsWith(`cifar-100-${form.toLowerCase()}/`)
      const has = (name: string) => names.has(`${name}${ending}`)
      const isBeside = names.has(beside100[ending as keyof typeof beside100])
      if (has("train") && has("test") && (isNamed || isBeside)) return { dataset: "CIFAR-100", form }
    }
  }
  return null
}

/** The archive whose form is read here. */
export const archiveOf = ({ dataset }: CifarVersion): string => `${dataset.toLowerCase()}-binary.tar.gz`
