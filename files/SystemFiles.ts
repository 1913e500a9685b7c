/** Files and folders that systems and tools put among a user's own, in lower case. Names that begin with a dot are others. */
const names: ReadonlySet<string> = new Set([
  // Windows
  "thumbs.db",
  "ehthumbs.db",
  "ehthumbs_vista.db",
  "desktop.ini",
  "$recycle.bin",
  "recycler",
  "system volume information",
  // macOS
  "__macosx",
  "icon\r",
  "network trash folder",
  "temporary items",
  // Synology and QNAP
  "@eadir",
  "@tmp",
  "#recycle",
  "#snapshot",
  "@recycle",
  "@recently-snapshot",
  // Linux
  "lost+found",
  // Python
  "__pycache__"
])

/**
 * Whether a file or folder of this name is not the user's but the system's, and no part of a dataset: what systems leave behind, and
 * what begins with a dot, such as `.DS_Store`, `._0.png`, `.ipynb_checkpoints`, `.Trash-1000`, `.git` and `.dvc`.
 */
export const isSystem = (name: string): boolean => name.startsWith(".") || names.has(name.toLowerCase())

/** Counts the files and folders of the system that were left out, by their names; a folder counts once. */
export class LeftOut {
  private readonly counts = new Map<string, number>()

  /** Counts one more of this name. The `._` files of macOS, each of which has a name of its own, are counted together. */
  add(name: string): void {
    const known = name.startsWith("._") ? "._*" : name
    this.counts.set(known, (this.counts.get(known) ?? 0) + 1)
  }

  /** A sentence that tells people of them; null where there were none. */
  get text(): string | null {
    if (this.counts.size === 0) return null
    const sorted = [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    const total = sorted.reduce((sum, [, count]) => sum + count, 0)
    const named = sorted.slice(0, 8).map(([name, count]) => (count === 1 ? name : `${name} (${count})`))
    const more = sorted.length > named.length ? ", …" : ""
    const what =
      total === 1
        ? "1 file or folder of the system is"
        : `${total.toLocaleString("en-US")} files and folders of the system are`
    return `${what} left out: ${named.join(", ")}${more}.`
  }
}
