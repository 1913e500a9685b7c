import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { escaped, html, json } from "../../../cli/report/html.ts"

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" }
const read = (text: string) => text.replace(/&([a-z#0-9]+);/g, (_, name: string) => entities[name] ?? "?")

describe("html", () => {
  it("escapes every text, so that it reads as what it was, and marks nothing up", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const shown = html`<p title="${text}">${[text]}</p>`.html
        const [, attribute = "", content = ""] = /^<p title="([^"<>']*)">([^"<>']*)<\/p>$/.exec(shown) ?? []
        expect([read(attribute), read(content)]).toEqual([text, text])
      })
    )
  })

  it("leaves what is HTML already, and nothing in the place of null", () => {
    expect(html`<b>${html`<i>${1}</i>`}${null}${["<", html`<hr>`]}</b>`.html).toBe("<b><i>1</i>&lt;<hr></b>")
  })

  it("shows control characters, which HTML and XML have none of, as a sign", () => {
    expect(escaped("a\u0000b\u001b[2Jc\td\ne")).toBe("a\ufffdb\ufffd[2Jc\td\ne")
  })

  it("writes JSON that ends no script and opens no comment, and means the same", () => {
    const value = { "</script>": ["<!--", "-->", "\u2028", 'quote "', 1.5, null] }
    expect(json(value).html).not.toMatch(/[<>&\u2028]/)
    expect(JSON.parse(json(value).html)).toEqual(value)
  })
})
