import { ArrowTable } from "headrace"

/** Where photos come from, one row each, in the order of the table of their images. */
export const Photos = ArrowTable.make("Photos", 1, {
  /** Which of the files and folders that were given it is, or lies in, counted from 0. */
  given: "int32",
  /** Its path in that folder, with "/"; empty where the file itself was given: a key knows bytes, and not what they are called. */
  file: "utf8"
})
