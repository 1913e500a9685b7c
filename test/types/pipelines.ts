import type { WorkerRunner } from "@effect/platform"
import { type Effect, Layer, Schema } from "effect"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import type { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Runner from "../../engine/worker-runner.ts"
import * as S from "./toy-stages.ts"

// What a pipeline is worth to `tsc`: how its nodes fail, what computing and what planning them needs. Never run.

/** Only for equal types; `any` equals nothing else. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T => true as T

const transfer = Pipeline.make({
  name: "transfer",
  description: "Every stage",
  params: { ...S.ingest.params, ...S.train.params, views: Param.make(Schema.Array(Schema.Int), [1, 2], "Views") },
  build: (params) => {
    const views: ReadonlyArray<number> = params.views
    const { images } = S.ingest({}, params)
    const { normalized } = S.normalize({ images })
    const { resized } = S.resizeTo224({ normalized })
    const { features } = S.extractFeatures({ pixels: resized })
    const { model, history } = S.train({ features: views.map(() => features) }, params)
    const { metrics } = S.evaluate({ model, features })
    return { model, history, metrics }
  }
})
const ingestOnly = Pipeline.make({
  name: "ingest-only",
  description: "One stage",
  params: S.ingest.params,
  build: (params) => ({ images: S.ingest({}, params).images })
})

holds<Equal<Pipeline.ErrorsOf<typeof transfer>, S.Diverged | S.Undecodable>>()
holds<Equal<Pipeline.RequirementsOf<typeof transfer>, S.Network | S.Decoder>>()
holds<Equal<Pipeline.PlanningNeedsOf<typeof transfer>, S.Version>>()
holds<Equal<Pipeline.ErrorsOf<typeof ingestOnly>, S.Undecodable>>()
holds<Equal<Pipeline.RequirementsOf<typeof ingestOnly>, S.Decoder>>()
holds<Equal<Pipeline.PlanningNeedsOf<typeof ingestOnly>, never>>()
const used = Pipeline.withUse(ingestOnly, {
  name: "try",
  description: "Trains on what was ingested",
  params: S.train.params,
  build: (params, { images }) => {
    const { normalized } = S.normalize({ images })
    const { features } = S.extractFeatures({ pixels: S.resizeTo224({ normalized }).resized })
    return { model: S.train({ features: [features] }, params).model }
  }
})
// whoever carries a pipeline out may be asked for its uses
holds<Equal<Pipeline.ErrorsOf<typeof used>, S.Diverged | S.Undecodable>>()
holds<Equal<Pipeline.RequirementsOf<typeof used>, S.Network | S.Decoder>>()
holds<Equal<Pipeline.PlanningNeedsOf<typeof used>, S.Version>>()
holds<Equal<Pipeline.RequirementsOf<typeof transfer | typeof ingestOnly>, S.Network | S.Decoder>>()
// @ts-expect-error it may fail in two ways
holds<Equal<Pipeline.ErrorsOf<typeof transfer>, S.Diverged>>()
// @ts-expect-error it needs two services
holds<Equal<Pipeline.RequirementsOf<typeof transfer>, S.Network>>()

declare const decoder: Layer.Layer<S.Decoder>
declare const network: Layer.Layer<S.Network>
declare const cache: Layer.Layer<ObjectStore | TraceStore | Code>
declare const platform: Layer.Layer<WorkerRunner.PlatformRunner>

export const whole: Layer.Layer<Executor.Executor> = Executor.layerInProcess(transfer).pipe(
  Layer.provide([decoder, network, cache])
)
// @ts-expect-error the network is not provided: `Type 'Network' is not assignable to type 'never'`
export const lacking: Layer.Layer<Executor.Executor> = Executor.layerInProcess(transfer).pipe(
  Layer.provide([decoder, cache])
)
// @ts-expect-error one of two pipelines needs the network: `Type 'Network' is not assignable to type 'never'`
export const lackingOne: Layer.Layer<Executor.Executor> = Executor.layerInProcess(ingestOnly, transfer).pipe(
  Layer.provide([decoder, cache])
)
const pipelines = [ingestOnly, transfer] as const
export const worker = Layer.launch(Layer.provide(Runner.layer(pipelines), [decoder, network, cache, platform]))
holds<Equal<Effect.Effect.Context<typeof worker>, never>>()
const lackingWorker = Layer.launch(Layer.provide(Runner.layer(pipelines), [decoder, cache, platform]))
holds<Equal<Effect.Effect.Context<typeof lackingWorker>, S.Network>>()

export const run = Run.run(transfer, {}, { cores: 1 })
holds<Equal<Extract<Effect.Effect.Context<typeof run>, S.Version | S.Network>, S.Version>>()
