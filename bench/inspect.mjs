import path from "node:path"
import { cifar5k } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { run as runProcess } from "./rig/process-tree.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place, root } from "./rig/product.mjs"
import { count, extent, machine, printTable, size, spread, write } from "./rig/report.mjs"

export const about = "inspect of a table of features: seconds; DuckDB reads the same chunk files"

/**
 * Options: --home DIR holds a run of transfer, by default a new one on cifar10-5k; --samples N.
 * DuckDB counts rows by class through pyarrow: that the counts agree shows that the files are plain Arrow.
 */
export const run = ({ home, images, samples = 10, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    await build()
    if (home === undefined) {
      const { dataset } = await cifar5k(scratch, images)
      await pipeline(["run", "transfer", "--dataset", dataset, "--units", "16", "--epochs", "1"], env)
    }
    const table = await inspect("transfer/features", env)
    const before = machine()
    const command = ["bin/pipeline.mjs", "inspect", "transfer/features"]
    const times = []
    for (let sample = 0; sample < samples; sample++) {
      times.push((await runProcess(process.execPath, command, { cwd: root, env })).seconds)
    }
    const duckdb = await peer("duckdb-labels.py", [linkChunks(table, env, path.join(scratch, "features"))])
    if (duckdb.rows !== table.rows) {
      throw new Error(
        `DuckDB counts ${duckdb.rows} rows; expected the ${table.rows} that inspect tells. Compare the chunk files.`
      )
    }
    const figures = {
      machine: before,
      command: "pipeline inspect transfer/features",
      counts: { rows: table.rows, chunks: table.chunks, bytes: table.bytes, rowsRead: table.statistics.rows },
      seconds: spread(times),
      duckdb: { versions: versionsOf("duckdb", "pyarrow"), ...duckdb }
    }
    printTable("inspect", [
      ["rows, chunks, bytes", `${count(table.rows)}, ${count(table.chunks)}, ${size(table.bytes)}`],
      ["rows read for the statistics", count(table.statistics.rows)],
      ["rows that DuckDB counts", count(duckdb.rows)],
      ["seconds", extent(figures.seconds)]
    ])
    return write(out, "inspect", figures)
  })
