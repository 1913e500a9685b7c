import { Schema } from "effect"
import { Param, Stage } from "headrace"
import { Pixels } from "headrace-images/artifacts/Pixels"

/** Every swatch as it hangs after some quarter turns to the left: a weave is the same whichever way it hangs. */
export const turn = Stage.map({
  name: "turn",
  inputs: { pixels: Pixels },
  params: { turns: Param.make(Schema.Literal(1, 2, 3), 1, "Quarter turns to the left") },
  outputs: { turned: Pixels },
  run: ({ image, label }, { turns }, room) => {
    const [height, width] = image.shape
    const turned = room.image(turns === 2 ? [height, width, 3] : [width, height, 3])
    const across = turned.shape[1]
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [row, column] =
          turns === 1 ? [width - 1 - x, y] : turns === 2 ? [height - 1 - y, width - 1 - x] : [x, height - 1 - y]
        for (let channel = 0; channel < 3; channel++)
          turned.data[(row * across + column) * 3 + channel] = image.data[(y * width + x) * 3 + channel] ?? 0
      }
    return { image: turned, label }
  }
})
