import { Context } from "effect"

/** The version of this Headrace. `test/release.test.ts` holds it together with package.json and the top of CHANGELOG.md. */
export const VERSION = "0.2.0"

/** Folders of a project that are its own in any project, Headrace's repository included. */
const ROOMS = /^(stages|pipelines|artifacts)\//

/** Which Headrace makes keys and writes results, and which code is its own: whose change is an upgrade and nobody's edit. */
export interface Made {
  readonly version: string
  /** Whether a file of the project, by its path from the root, is part of Headrace and not of what people write with it. */
  readonly isOwnFile: (file: string) => boolean
}

/** In a project that depends on Headrace its files are those of its packages. */
export const inProject: Made = {
  version: VERSION,
  isOwnFile: (file) => /(^|\/)node_modules\/headrace(-images)?\//.test(file)
}

/** In Headrace's own repository all is, but for the rooms that every project has. */
export const inRepository: Made = { version: VERSION, isOwnFile: (file) => !ROOMS.test(file) }

/** Tests put another in the place of this one. */
export class Release extends Context.Reference<Release>()("headrace/Release", {
  defaultValue: (): Made => inProject
}) {}
