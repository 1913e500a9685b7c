/**
 * What pipelines, stages and projects are made of: the package `headrace`. What sources, and stages that read files, need is in
 * `headrace/files`; chance that is a function of a seed in `headrace/random`; running pipelines in tests in `headrace/testing`.
 *
 * @module
 */
export * as ArrowTable from "../artifacts/ArrowTable.ts"
export * as Artifact from "../artifacts/Artifact.ts"
export * as Bundle from "../artifacts/Bundle.ts"
export * as Checkpoint from "../artifacts/Checkpoint.ts"
export * as Column from "../artifacts/Column.ts"
export * as Digest from "../artifacts/Digest.ts"
export * as Document from "../artifacts/Document.ts"
export * as EventLoop from "../artifacts/EventLoop.ts"
export * as Explained from "../artifacts/Explained.ts"
export * as Figure from "../artifacts/Figure.ts"
export * as Files from "../artifacts/Files.ts"
export * as Text from "../artifacts/Text.ts"
export * as Machine from "../engine/Machine.ts"
export * as Notice from "../engine/Notice.ts"
export * as Param from "../engine/Param.ts"
export * as Pipeline from "../engine/Pipeline.ts"
export * as Progress from "../engine/Progress.ts"
export * as Remark from "../engine/Remark.ts"
export * as Source from "../engine/Source.ts"
export * as Stage from "../engine/Stage.ts"
export * as View from "../project/View.ts"
export * as Kind from "./kind.ts"
export * as Project from "./project.ts"
