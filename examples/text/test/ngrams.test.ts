import { expect, it } from "vitest"
import { hash, ngrams } from "../linguistics/ngrams.ts"

it("n-grams are runs of characters, with the blanks around the text", () => {
  expect(ngrams("été", 2)).toEqual([" é", "ét", "té", "é "])
  expect(ngrams("", 3)).toEqual([])
})

it("hashes are FNV-1a of 32 bits, as its authors' known answers say", () => {
  expect([hash(""), hash("a"), hash("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968])
})
