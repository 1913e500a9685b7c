/** A provisioning failure in three parts: what happened, what was expected, how to fix it. */
export class ProvisionFailure extends Error {
  /** @param {{ what: string, expected: string, fix: string, detail?: string }} parts `detail` is a tool's own output */
  constructor({ what, expected, fix, detail = "" }) {
    super(`${what}; expected ${expected}. ${fix}${detail.trim() === "" ? "" : `\n\n${indent(detail)}`}`)
    this.name = "ProvisionFailure"
  }
}

/** ENOSPC and EDQUOT, as Node, Python, pip and linkers word them. */
export const isDiskFull = (text) => /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(text)

export const diskFull = (directory, megabytes) =>
  new ProvisionFailure({
    what: `The disk of ${directory} is full`,
    expected: `${megabytes.toLocaleString("en-US")} MB free there for TensorFlow`,
    fix: "Free some space, or set HEADRACE_CACHE to a directory on a larger disk, and run npx headrace-images provision."
  })

export const diskFullInProject = (directory) =>
  new ProvisionFailure({
    what: `The disk of ${directory} is full`,
    expected: "10 MB free there for TensorFlow's Node binding",
    fix: "Free some space, or move the project to a larger disk, and run npx headrace-images provision."
  })

const indent = (text) =>
  text
    .trim()
    .split("\n")
    .slice(-12)
    .map((line) => `    ${line}`)
    .join("\n")
