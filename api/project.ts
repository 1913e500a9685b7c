/**
 * Projects: what `headrace.config.ts` exports, which is what only the project knows: the services of its stages, its kinds of artifacts,
 * what reports draw in a way of their own.
 *
 * @module
 */
export { type Check, fine, wrong } from "../project/Check.ts"
export { Place } from "../project/Place.ts"
export { type Given, make, type Project, plain, type Whole, whole } from "../project/Project.ts"
