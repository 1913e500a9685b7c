import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import * as fs from "node:fs"
import { hostname, userInfo } from "node:os"
import * as path from "node:path"
import { folder } from "./folder.ts"
import { mount, unshare } from "./mounts.ts"
import { PATIENCE_MILLIS } from "./patience.ts"
import { freePorts } from "./ports.ts"

// A real Slurm cluster on this machine: munged, slurmctld and a slurmd for each of its nodes, without systemd and without an installed
// configuration. All that it writes lies in a folder of its own.

/** What is found by name though it is a daemon's. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`

export const DAEMONS = ["munged", "slurmctld", "slurmd", "sbatch"]
export const isInstalled = (program: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH } }).status === 0

/** The nodes of the cluster: each has four cores, which need not be there, and one feature that no other has. */
export const NODES = [
  { name: "n1", feature: "first" },
  { name: "n2", feature: "second" }
] as const
type NodeName = (typeof NODES)[number]["name"]

export interface SlurmCluster {
  /** What commands that speak to it have in their environment. */
  readonly env: { readonly SLURM_CONF: string }
  /** A command of Slurm: what it says. */
  readonly ask: (command: string, ...args: ReadonlyArray<string>) => string
  /** Has a node die: its slurmd, and all that computes there. */
  readonly die: (node: NodeName) => Promise<void>
  readonly revive: (node: NodeName) => Promise<void>
  /** Stops the one who answers all commands, or lets it go on. */
  readonly controller: (signal: "SIGSTOP" | "SIGCONT") => void
  readonly stop: () => Promise<void>
}

/** Waits are as short as Slurm lets them be: by default a node is missed after minutes, and a job begins again two minutes later. */
const configuration = (at: string, ports: ReadonlyArray<number>): string => {
  const { username } = userInfo()
  const host = hostname().split(".")[0]
  const [controller, ...others] = ports
  const nodes = NODES.map(
    ({ name, feature }, index) =>
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${others[index]} CPUs=4 RealMemory=8000 Feature=${feature} State=UNKNOWN`
  )
  return [
    "ClusterName=tests",
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${controller}`,
    `SlurmUser=${username}`,
    `SlurmdUser=${username}`,
    "AuthType=auth/munge",
    "CredType=cred/munge",
    `AuthInfo=socket=${at}/munge.socket,cred_expire=5`,
    `StateSaveLocation=${at}/state`,
    `SlurmdSpoolDir=${at}/%n`,
    `SlurmctldPidFile=${at}/slurmctld.pid`,
    `SlurmdPidFile=${at}/%n.pid`,
    `SlurmctldLogFile=${at}/slurmctld.log`,
    `SlurmdLogFile=${at}/%n.log`,
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core_Memory",
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "SwitchType=switch/none",
    "MpiDefault=none",
    "JobAcctGatherType=jobacct_gather/none",
    "AccountingStorageType=accounting_storage/none",
    "SchedulerType=sched/backfill",
    "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1",
    "SlurmdParameters=config_overrides",
    "ReturnToService=2",
    "SlurmdTimeout=6",
    "KillWait=2",
    "MessageTimeout=5",
    "MinJobAge=300",
    "DefMemPerCPU=100",
    ...nodes,
    "PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP",
    "PartitionName=short Nodes=ALL MaxTime=1 State=UP",
    ""
  ].join("\n")
}

/** Processes of this machine that have a variable in their environment, each with its parent. */
const processesWith = (variable: string): ReadonlyArray<{ readonly pid: number; readonly parent: number }> =>
  fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      if (!fs.readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(variable)) return []
      const [, parent = "0"] = /^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${name}/status`, "utf8")) ?? []
      return [{ pid: Number(name), parent: Number(parent) }]
    } catch {
      // it ended meanwhile
      return []
    }
  })

const nameOf = (pid: number): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim()
  } catch {
    return ""
  }
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // it ended meanwhile
  }
}

const until = async (what: string, holds: () => boolean, told: () => string): Promise<void> => {
  for (const began = performance.now(); !holds(); ) {
    if (performance.now() - began > PATIENCE_MILLIS) throw new Error(`${what} in vain:\n${told()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface SlurmOptions {
  /** A folder that the second node does not see, but an empty one in its place. */
  readonly hidden?: string
}

/** Starts a cluster. Whoever does stops it. */
export const slurm = async ({ hidden }: SlurmOptions = {}): Promise<SlurmCluster> => {
  const at = folder("headrace-slurm")
  for (const name of ["state", ...NODES.map(({ name }) => name)]) fs.mkdirSync(path.join(at, name))
  fs.writeFileSync(path.join(at, "munge.key"), randomBytes(1024), { mode: 0o400 })
  const env = { SLURM_CONF: path.join(at, "slurm.conf") }
  fs.writeFileSync(env.SLURM_CONF, configuration(at, await freePorts(1 + NODES.length)))

  const daemons = new Map<string, ChildProcess>()
  const daemon = (name: string, program: string, ...args: ReadonlyArray<string>) => {
    const out = fs.openSync(path.join(at, `${name}.out`), "a")
    daemons.set(
      name,
      spawn(program, args, { cwd: at, stdio: ["ignore", out, out], env: { ...process.env, ...env, PATH } })
    )
    fs.closeSync(out)
  }
  const told = () =>
    [...daemons.keys()].map((name) => `${name}:\n${fs.readFileSync(path.join(at, `${name}.out`), "utf8")}`).join("\n")
  const ask = (command: string, ...args: ReadonlyArray<string>): string => {
    const { stdout, stderr } = spawnSync(command, args, { env: { ...process.env, ...env }, encoding: "utf8" })
    return `${stdout}${stderr}`.trim()
  }
  const isUp = (name: string) => /^(idle|mixed|allocated)$/m.test(ask("sinfo", "-h", "-o", "%T", "-n", name))

  const file = (name: string) => path.join(at, `munge.${name}`)
  const places = ["key-file=key", "socket=socket", "pid-file=pid", "log-file=log", "seed-file=seed"].map((each) => {
    const [option, name = ""] = each.split("=")
    return `--${option}=${file(name)}`
  })
  daemon("munged", "munged", "--foreground", "--force", ...places)
  await until("munged was waited for", () => fs.existsSync(file("socket")), told)
  daemon("slurmctld", "slurmctld", "-D")
  const startNode = (name: string) => {
    if (hidden === undefined || name !== "n2") return daemon(name, "slurmd", "-D", "-N", name)
    const [program = "", ...args] = unshare("-m")
    daemon(name, program, ...args, "sh", "-c", `${mount(hidden, "size=1m")} && exec slurmd -D -N ${name}`)
  }
  for (const { name } of NODES) startNode(name)
  await until("slurmctld and slurmd were waited for", () => NODES.every(({ name }) => isUp(name)), told)

  const ended = async (name: string) => {
    const child = daemons.get(name)
    daemons.delete(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill("SIGKILL")
    await once(child, "exit")
  }
  const killAll = (variable: string) => {
    for (const { pid, parent } of processesWith(variable)) {
      if (!processesWith(`SLURM_CONF=${env.SLURM_CONF}`).some((each) => each.pid === pid)) continue
      // a step's own daemon has none of the variables that it gives to the step
      if (nameOf(parent).startsWith("slurmstepd")) kill(parent)
      kill(pid)
    }
  }
  return {
    env,
    ask,
    die: async (node) => {
      await ended(node)
      killAll(`SLURMD_NODENAME=${node}`)
    },
    revive: async (node) => {
      startNode(node)
      await until(`${node} was waited for`, () => isUp(node), told)
    },
    controller: (signal) => void daemons.get("slurmctld")?.kill(signal),
    stop: async () => {
      for (const { name } of NODES) killAll(`SLURMD_NODENAME=${name}`)
      await Promise.all([...daemons.keys()].map(ended))
    }
  }
}
