import { Effect } from "effect"
import { Stage } from "headrace"
import { Images } from "headrace-images/artifacts/Images"
import { Pixels } from "headrace-images/artifacts/Pixels"

/** uint8 to float32 in [0, 1]: value / 255. */
export const normalize = Stage.rows({
  name: "normalize",
  keep: "streamed",
  over: "images",
  inputs: { images: Images },
  outputs: { normalized: Pixels },
  run: (_inputs) =>
    Effect.succeed(({ rows, columns: { image, label } }) =>
      Effect.sync(() => {
        const data = new Float32Array(image.data.length)
        for (let index = 0; index < data.length; index++) data[index] = (image.data[index] as number) / 255
        return { rows, columns: { image: { shape: image.shape, data }, label } }
      })
    )
})
