import { Effect } from "effect"
import { Kind } from "headrace"
import { contactSheet } from "./contact-sheet.ts"
import { sheetImages } from "./sheet-images.ts"

/** Tables as all have them, and of those with images a contact sheet. */
export const imageTable: Kind.Kind = {
  ...Kind.table,
  inspect: (found) =>
    Effect.gen(function* () {
      const { blocks, details } = yield* Kind.table.inspect(found)
      const read = yield* Kind.readSample(found)
      const images = read === null ? null : sheetImages(read.batches, read.header)
      if (images === null) return { blocks, details: { ...details, contactSheet: null } }
      const png = yield* contactSheet(images)
      return { blocks: [...blocks, { name: "contactSheet", title: "contact sheet", png }, { images }], details }
    })
}
