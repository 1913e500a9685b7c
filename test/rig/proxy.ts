import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { afterAll } from "vitest"

/** What stands between machines and a server, and cuts their connections. */
export interface CuttingProxy {
  readonly port: number
  /** Ends all connections that there are, as a network does that resets them. */
  readonly cut: () => void
}

const ending = new Set<() => void>()
afterAll(() => {
  for (const end of ending) end()
})

/** Passes bytes on to a port of this machine. */
export const proxyTo = async (port: number): Promise<CuttingProxy> => {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1")
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      open.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  ending.add(() => {
    server.close()
    cut()
  })
  return { port: (server.address() as { readonly port: number }).port, cut }
}
