import { afterAll, beforeAll, describe } from "vitest"
import { type Cluster, cluster } from "../rig/cluster.ts"
import { executorContract } from "../rig/executor-contract.ts"
import { describeWith } from "../rig/needs.ts"
import { type RedisServer, redisServer } from "../rig/redis-server.ts"
import { type SlurmCluster, slurm } from "../rig/slurm.ts"

// One contract over all places where the real command has nodes computed.

describe("worker processes", () => {
  let machines: Cluster
  beforeAll(async () => {
    machines = await cluster()
  })
  executorContract("processes of the command", () => ({ machines, args: [] }), 1000)
})

describeWith(["redis"], "Redis", () => {
  let machines: Cluster
  let server: RedisServer
  beforeAll(async () => {
    server = await redisServer()
    machines = await cluster()
    const worker = machines.start(["worker", "--on", server.url])
    await worker.hears(/^worker /m)
  })
  executorContract("workers of a Redis server", () => ({ machines, args: ["--on", server.url, "--not-here"] }), 2000)
})

describeWith(["slurm"], "Slurm", () => {
  let machines: Cluster
  let nodes: SlurmCluster
  beforeAll(async () => {
    nodes = await slurm()
    machines = await cluster(nodes.env)
  })
  afterAll(() => nodes.stop())
  executorContract("jobs of a Slurm cluster", () => ({ machines, args: ["--on", "slurm"] }), 3000)
})
