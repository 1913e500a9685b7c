import { existsSync, readFileSync } from "node:fs"

/** What `--only NAME` leaves of a bench's parts, which have names; all of them where it was not given. */
export const chosenOf = (parts, only) => {
  const chosen = only === undefined ? parts : parts.filter(({ name }) => name === only)
  if (chosen.length === 0)
    throw new Error(`--only is ${only}; expected ${parts.map(({ name }) => `"${name}"`).join(", ")}.`)
  return chosen
}

/** The parts that `measured` has, with what an earlier call wrote into `file`, under `field`, of those that this one left out. */
export const withKept = (parts, measured, { file, field }) => {
  const names = measured.map(({ name }) => name)
  const before = names.length < parts.length && existsSync(file) ? JSON.parse(readFileSync(file, "utf8"))[field] : []
  const positionOf = ({ name }) => parts.findIndex((part) => part.name === name)
  return [...before.filter(({ name }) => !names.includes(name)), ...measured].sort(
    (a, b) => positionOf(a) - positionOf(b)
  )
}
