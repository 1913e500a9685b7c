import { Stage } from "headrace"
import { Images } from "headrace-images/artifacts/Images"
import { Pixels } from "headrace-images/artifacts/Pixels"

/** Brings pixels from uint8 to float32 in [0, 1]: value / 255. */
export const normalize = Stage.map({
  name: "normalize",
  inputs: { images: Images },
  outputs: { normalized: Pixels },
  run: ({ image, label }, _params, room) => {
    const pixels = room.image(image.shape)
    for (let index = 0; index < pixels.data.length; index++) pixels.data[index] = (image.data[index] as number) / 255
    return { image: pixels, label }
  }
})
