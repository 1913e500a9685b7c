/**
 * How often something is done in a test of faults: a few times in `npm test`, and often in `npm run test:faults`, which sets
 * `HEADRACE_FAULTS=long` and runs nothing but the files that are called `*.faults.test.ts`.
 */
export const times = ({ quick, long }: { readonly quick: number; readonly long: number }): number =>
  process.env.HEADRACE_FAULTS === "long" ? long : quick
