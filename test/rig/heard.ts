import type { Readable } from "node:stream"

/** What a program prints, as it is heard from its start on. */
export interface Heard {
  readonly stdout: () => string
  readonly stderr: () => string
}

const collected = (stream: Readable): (() => string) => {
  let text = ""
  stream.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
  })
  return () => text
}

/** Listens to a program that was started just now. */
export const heard = (child: { readonly stdout: Readable; readonly stderr: Readable }): Heard => ({
  stdout: collected(child.stdout),
  stderr: collected(child.stderr)
})
