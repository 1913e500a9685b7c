/**
 * Native TensorFlow as a service, loaded by the first stage that needs it.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import util from "node:util"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { Explained } from "headrace"
import { type Graph, oneCall, type SessionGraph, savedModel } from "./tensorflow-graph.ts"

/** The module of TensorFlow for Node, whose native library Headrace provisions. */
export type Tf = typeof import("@tensorflow/tfjs-node-gpu")
type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

/** TensorFlow is not provisioned, or its native library does not load on this machine. */
export class TensorflowUnloadable extends Explained.TaggedError<TensorflowUnloadable>()(
  "TensorflowUnloadable",
  {
    what: Schema.String
  },
  ({ what }) => ({
    what: `TensorFlow cannot be loaded: ${what}`,
    expected: "its native library, which the installation provides",
    fix: "Run npx headrace-images provision."
  })
) {}

/** TensorFlow did not take a graph, which is handed over in a temporary file. */
export class GraphUnloadable extends Explained.TaggedError<GraphUnloadable>()(
  "GraphUnloadable",
  { what: Schema.String },
  ({ what }) => ({
    what: `TensorFlow did not take the graph of a network: ${what}`,
    expected: "a writable temporary folder with room for its weights",
    fix: "Point TMPDIR at one."
  })
) {}

/** The first line of what a library threw: tfjs-node puts instructions for other packages below it. */
const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? ""

/** Calls of a graph by signature, their tensors by the names of the signature. The caller disposes what it is given. */
export interface Session {
  /** Runs a signature of the graph. The tensors that it gives are those of its outputs. */
  readonly run: (signature: string, inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>
}

/** Native TensorFlow. Its thread counts are those of TF_NUM_INTRAOP_THREADS and TF_NUM_INTEROP_THREADS at load. */
export class Tensorflow extends Context.Tag("headrace/Tensorflow")<
  Tensorflow,
  {
    readonly tf: Tf
    /** Runs `f` and disposes every tensor it made: it must return plain data, and be synchronous. */
    readonly tidy: <A>(f: (tf: Tf) => A) => Effect.Effect<A>
    /**
     * A graph as one function, fused and optimized as a whole: MobileNetV2 takes 0.6 of the time of its single operations.
     * The tensor that it returns is the caller's to dispose.
     */
    readonly graph: (graph: Graph) => Effect.Effect<(x: Tensor) => Tensor, GraphUnloadable, Scope.Scope>
    /** A graph with variables of its own, which live as long as the scope; each signature is a call. */
    readonly session: (graph: SessionGraph) => Effect.Effect<Session, GraphUnloadable, Scope.Scope>
  }
>() {
  static readonly live: Layer.Layer<Tensorflow, TensorflowUnloadable> = Layer.effect(
    this,
    Effect.suspend(() => loaded)
  )
}

/** TensorFlow for whoever turns out to need it: loaded once, by the first, so that other stages do without. */
export class TensorflowLoader extends Context.Tag("headrace/TensorflowLoader")<
  TensorflowLoader,
  { readonly load: Effect.Effect<Tensorflow["Type"], TensorflowUnloadable> }
>() {
  static readonly live: Layer.Layer<TensorflowLoader> = Layer.effect(
    this,
    Effect.map(
      Effect.suspend(() => Effect.cached(loaded)),
      (load) => ({ load })
    )
  )
}

/** Loads TensorFlow, if need be, and provides it. */
export const withTensorflow = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | TensorflowUnloadable, Exclude<R, Tensorflow> | TensorflowLoader> =>
  Effect.gen(function* () {
    const tensorflow = yield* Effect.flatMap(TensorflowLoader, ({ load }) => load)
    return yield* Effect.provideService(effect, Tensorflow, tensorflow)
  })

const loaded: Effect.Effect<Tensorflow["Type"], TensorflowUnloadable> = Effect.map(
  Effect.tryPromise({ try: load, catch: (error) => new TensorflowUnloadable({ what: firstLine(error) }) }),
  (tf) => ({
    tf,
    tidy: <A>(f: (tf: Tf) => A) =>
      Effect.sync(() => {
        // not `tf.tidy`'s own result: it looks for tensors in it, in a typed array element by element
        tf.engine().startScope()
        try {
          return f(tf)
        } finally {
          tf.engine().endScope()
        }
      }),
    graph: (graph: Graph) =>
      Effect.map(
        openSession(tf, oneCall(graph)),
        ({ run }) =>
          (x: Tensor) =>
            run("call", { x }).y as Tensor
      ),
    session: (graph: SessionGraph) => openSession(tf, graph)
  })
)

const openSession = (tf: Tf, graph: SessionGraph): Effect.Effect<Session, GraphUnloadable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => loadGraph(tf, graph),
      catch: (error) => new GraphUnloadable({ what: firstLine(error) })
    }),
    (calls) => Effect.sync(() => calls.forEach((call) => call.dispose()))
  ).pipe(
    Effect.map((calls) => ({
      run: (signature, inputs) =>
        // an unknown signature is a bug of the caller: it fails as such
        (calls.get(signature) as Call).predict({ ...inputs }) as Record<string, Tensor>
    }))
  )

/** To import CommonJS Node first reads in all of its files what they may export, which takes longer than to run them. */
async function loadPackage(): Promise<Tf> {
  try {
    return require("@tensorflow/tfjs-node-gpu")
  } catch {
    // no `require` here, or none that finds it: an import says what is wrong
    const module = await import("@tensorflow/tfjs-node-gpu")
    return (module as { default?: Tf }).default ?? module
  }
}

async function load(): Promise<Tf> {
  // tfjs-node 4.22 calls this function, which Node 23 no longer has
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined })
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  const tf = await loadPackage()
  await tf.ready()
  return tf
}

type Call = Awaited<ReturnType<Tf["node"]["loadSavedModel"]>>

async function loadGraph(tf: Tf, graph: SessionGraph): Promise<ReadonlyMap<string, Call>> {
  const folder = await mkdtemp(join(tmpdir(), "headrace-graph-"))
  try {
    await writeFile(join(folder, "saved_model.pb"), savedModel(graph))
    const calls = new Map<string, Call>()
    // the first makes the session, the others find it by the folder's name
    for (const name of Object.keys(graph.signatures)) {
      calls.set(name, await tf.node.loadSavedModel(folder, ["serve"], name))
    }
    return calls
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
