import { Effect } from "effect"
import { Kind, View } from "headrace"
import { Gallery } from "../artifacts/Gallery.ts"
import { Mistakes } from "../artifacts/Mistakes.ts"

/** A percent sign that begins a line belongs to nothing. */
const percent = (share: number): string => Kind.formatShare(share).replace(" ", "\u00a0")

/** The pictures that a classifier took for another class, each with what it is. */
export const mistakes = View.section(Mistakes, {
  title: "Most confident mistakes",
  insteadOf: [Gallery],
  draw: ({ classes, images, rows, mistakes: all }) => {
    const called = (label: number) => classes[label] ?? `class ${label}`
    const which = images.length < all ? ` These ${images.length} with the most confidence:` : ""
    return Effect.succeed([
      `${Kind.formatCount(all)} of ${Kind.formatCount(rows)} images are taken for another class.${which}`,
      {
        pictures: images.map(({ row, label, predicted, probability, labelProbability, png }) => ({
          png: Buffer.from(png, "base64"),
          title: `${called(predicted)} ${percent(probability)}`,
          caption: `is ${called(label)} ${percent(labelProbability)}`,
          text: `Image ${row}: ${called(label)}, taken for ${called(predicted)}`
        }))
      }
    ])
  }
})
