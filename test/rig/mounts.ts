/** A command line that runs a script with mounts or a network of its own: root may have them, and who may have a namespace of users. */
export const unshare = (what: "-m" | "-n"): ReadonlyArray<string> => [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["-U", "-r"]),
  what
]

/** Shell that mounts a fresh file system in memory. */
export const mount = (at: string, options: string): string =>
  `mkdir -p "${at}" && mount -t tmpfs -o ${options} headrace "${at}"`
