import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { runtime } from "../../../images/kinds/whole.ts"
import { wholePage } from "../../../images/kinds/whole-page.ts"
import * as Whole from "../../../images/models/Whole.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { simpleCnn } from "../../../pipelines/simple-cnn.ts"
import { browser, expectSound, PHONE, textOf } from "../../rig/browser.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { CLASSES, onImages, photos } from "../../rig/whole-models.ts"

const SIZE = [24, 40] as const

describeWith(["chromium"], "the page of a whole model", () => {
  const { open } = browser()

  it.layer(Tensorflow.live)("opened from the disk", (it) => {
    it.scoped(
      "says of a photo what the model says of its pixels, of a file that is none why, and what the camera sees",
      () =>
        Effect.gen(function* () {
          const { whole, expected } = yield* onImages(SIZE, simpleCnn.params.network.default)
          const html = wholePage("cats & <dogs>", whole, Whole.toFiles(whole), yield* runtime)
          const images = photos(2, SIZE)
          const at = folder()
          const photo = (index: number) => path.join(at, `photo-${index}.png`)
          const one = SIZE[0] * SIZE[1] * 3
          for (const index of [0, 1])
            yield* Effect.promise(() =>
              sharp(images.subarray(index * one, (index + 1) * one), {
                raw: { height: SIZE[0], width: SIZE[1], channels: 3 }
              })
                .png()
                .toFile(photo(index))
            )
          fs.writeFileSync(path.join(at, "notes.png"), "no image")
          const ours = yield* expected(images)

          const opened = yield* Effect.promise(() => open(html, { width: PHONE, dark: true }))
          const { page } = opened
          const told = (text: string) => page.locator("#told", { hasText: text }).waitFor()
          yield* Effect.promise(async () => {
            await page.waitForSelector("body[data-ready]")
            for (const index of [0, 1]) {
              await page.setInputFiles("#file", photo(index))
              await told(`photo-${index}.png, 40 x 24`)
              const found = JSON.parse(
                (await page.getAttribute("body", "data-probabilities")) ?? ""
              ) as ReadonlyArray<number>
              const wanted = ours.subarray(index * CLASSES.length, (index + 1) * CLASSES.length)
              expect(found).toHaveLength(CLASSES.length)
              found.forEach((share, label) => expect(Math.abs(share - (wanted[label] ?? 2))).toBeLessThan(1e-4))
              const likeliest = CLASSES[found.indexOf(Math.max(...found))] ?? ""
              expect(await textOf(page.locator("#answer .first"))).toContain(likeliest)
            }
            expect(await page.title()).toBe("cats & <dogs>: what does a photo show?")
            await page.setInputFiles("#file", path.join(at, "notes.png"))
            await told("notes.png is no image")

            await page.click("#camera")
            await told("The camera: an answer")
            expect(await page.isVisible("#video")).toBe(true)
            await page.click("#camera")
            await told("The camera is off.")
            expect(await page.isVisible("#video")).toBe(false)
            await expectSound({ ...opened, asked: opened.asked.filter((url) => !url.startsWith("blob:")) })
          })
        })
    )
  })
})
