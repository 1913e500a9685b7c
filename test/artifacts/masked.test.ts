import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Masked from "../../artifacts/Masked.ts"

describe("what is secret in an address", () => {
  it.each([
    ["https://ada:pa55@host/cats.zip", "https://***@host/cats.zip"],
    ["https://ghp_1234567890@host/cats.zip", "https://***@host/cats.zip"],
    ["redis://:p@ss#w?rd@host:6379", "redis://***@host:6379"],
    [
      "s3://b/c?X-Amz-Credential=AKIA%2F1&X-Amz-Date=2026&X-Amz-Signature=ab12",
      "s3://b/c?X-Amz-Credential=***&X-Amz-Date=2026&X-Amz-Signature=***"
    ],
    ["https://h/x?X%2DAmz%2DSignature=ab12#access_token=cd34", "https://h/x?X%2DAmz%2DSignature=***#access_token=***"],
    ["https://h/x?sv=2024&sig=ab%3D&se=1", "https://h/x?sv=2024&sig=***&se=1"],
    ["https://h/x?api_key=1&apikey=2&token=3;password=4", "https://h/x?api_key=***&apikey=***&token=***;password=***"],
    ["url=https://u:p@h/a?token=1,https://u:q@h/b?token=2", "url=https://***@h/a?token=***,https://***@h/b?token=***"],
    [`from 'https://u:p@h/a' and "ftp://u:p@h"`, `from 'https://***@h/a' and "ftp://***@h"`]
  ])("is hidden in %s", (text, hidden) => {
    expect(Masked.urls(text)).toBe(hidden)
    expect(Masked.urls(hidden)).toBe(hidden)
  })

  it.each([
    "/data/cats@home.zip",
    "https://registry.example.org/@scope/cats",
    "https://h/x?author=ada&tokenizer=bert&epochs=3",
    "https://h/x?key=&page=2",
    "ada@example.org"
  ])("is not seen in %s", (text) => {
    expect(Masked.urls(text)).toBe(text)
    expect(Masked.urlsByDigest(text)).toBe(text)
  })

  it("is hidden where the text was to be an address and is none", () => {
    for (const text of ["ada:pa55@", "ada:pa55@host", "//ada:pa55@host", "redis://ada:pa55@host", "?x=ada:pa55@host"])
      expect(Masked.address(text)).not.toMatch(/ada|pa55/)
  })

  it("stands in a key by its digest: another secret makes another text, and neither has it", () => {
    const keyed = (secret: string) => Masked.urlsByDigest(`https://u:${secret}@h/x?token=${secret}`)
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{8,40}$/), fc.stringMatching(/^[A-Za-z0-9]{8,40}$/), (one, other) => {
        expect(keyed(one) === keyed(other)).toBe(one === other)
        expect(keyed(one)).not.toContain(one)
        expect(Masked.urlsByDigest(keyed(one))).toBe(keyed(one))
      })
    )
  })
})

describe("a value whose texts are hidden", () => {
  it("is itself where there is nothing to hide, and so are its parts", () => {
    const kept = { rows: [1, Number.NaN, null], when: new Map([["a", 1]]) }
    const value = { kept, from: "https://u:p@h" }
    const hidden = Masked.within(Masked.urls, value)
    expect(hidden).toEqual({ kept, from: "https://***@h" })
    expect(hidden.kept).toBe(kept)
    expect(Masked.within(Masked.urls, kept)).toBe(kept)
  })
})
