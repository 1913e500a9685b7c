/** What `headrace.config.ts` is made of. */
export { type Check, fine, wrong } from "../project/Check.ts"
export { Place } from "../project/Place.ts"
export { type Given, make, type Project, plain, type Whole, whole } from "../project/Project.ts"
