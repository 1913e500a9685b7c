import * as path from "node:path"
import { Schema } from "effect"
import type * as Contents from "../Contents.ts"
import { Key } from "../Key.ts"
import * as Seal from "../Seal.ts"
import type { Finding } from "./Finding.ts"

// What a store notes beside results, each in a small file that is sealed: none of it makes a result wrong, and all of it has a use.

/** What a note is called by, what is lost with a damaged one, and how it is sealed. */
export interface Note extends Pick<Finding, "what" | "name"> {
  readonly loss: string
  readonly isSealed: (text: string) => boolean
}

const isKey = Schema.is(Key)
const isWhole = (text: string): boolean => Seal.open(text) !== null

/** The note that a file is; null for what has no seal, such as a download, whose digest a catalogue tells. */
export const noteOf = ({ content, file }: Contents.Lying): Note | null => {
  const name = path.basename(file)
  const folder = path.basename(path.dirname(file))
  switch (content._tag) {
    case "Printed":
      return {
        what: "printed text",
        name: `${content.stage}/${content.key}`,
        loss: "what the stage printed is lost until it runs again",
        isSealed: isWhole
      }
    case "Pin":
      return {
        what: "pin",
        name: path.basename(file, ".json"),
        loss: "it keeps the run or key that it is called by all the same, but not what a lost record named",
        isSealed: isWhole
      }
    case "Acceptance":
      return {
        what: "acceptance",
        name: path.basename(file, ".json"),
        loss: "nothing is reused by it until somebody accepts again",
        isSealed: isWhole
      }
    case "Upload":
      return {
        what: "upload note",
        name: path.basename(file, ".json"),
        loss: "what it is of is not shared until pipeline push notes it anew",
        isSealed: isWhole
      }
    case "Lease":
      // a lease of 0.1 is a file without a seal, and one that is being made has no key's name yet
      return isKey(folder)
        ? { what: "lease", name: folder, loss: "whoever waits takes it over once nobody renews it", isSealed: isWhole }
        : null
    case "Begun":
      return {
        what: "note of a run",
        name: content.run,
        loss: "nothing tells of the run if its process ends without a word",
        isSealed: isWhole
      }
    case "Marks":
      return {
        what: "marks of a run",
        name: content.run,
        loss: "its tags and its note are forgotten, and it is hidden no more",
        isSealed: isWhole
      }
    case "Using":
      return name === "holder"
        ? {
            what: "mark of a command",
            name: folder,
            loss: "what was written since then is not removed until nothing was heard of it for an hour",
            isSealed: isWhole
          }
        : null
    case "Ledger":
      return name === "found.json"
        ? {
            what: "memory of removals",
            name,
            loss: "how often results were used by runs whose records are gone is forgotten",
            isSealed: isWhole
          }
        : null
    case "Source":
      // files of other machines, in a folder below, are objects under other names
      return folder === "sources" && name.endsWith(".txt")
        ? {
            what: "remembered digests",
            name: path.basename(file, ".txt"),
            loss: "the files that it is of are hashed again",
            isSealed: Seal.areLines
          }
        : null
    default:
      return null
  }
}
