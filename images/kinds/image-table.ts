import { Effect } from "effect"
import { Kind } from "headrace"
import { contactSheet } from "./contact-sheet.ts"
import { sheetImages } from "./sheet-images.ts"

/** Tables as all have them, and of those with images a contact sheet. */
export const imageTable: Kind.Kind = {
  ...Kind.table,
  inspect: Kind.inspectWith((sample) =>
    Effect.gen(function* () {
      const images = sample === null ? null : sheetImages(sample.batches, sample.header)
      if (images === null) return { blocks: [], details: { contactSheet: null } }
      const png = yield* contactSheet(images)
      return { blocks: [{ name: "contactSheet", title: "contact sheet", png }, { images }], details: {} }
    })
  )
}
