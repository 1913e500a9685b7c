import { useEffect, useRef } from "preact/hooks"
import { curves } from "../../cli/report/browser/curves.ts"
import type { Page } from "../../cli/report/browser/Dom.ts"
import { graph } from "../../cli/report/browser/graph.ts"
import { reader } from "../../cli/report/browser/reader.ts"
import { tools } from "../../cli/report/browser/tools.ts"

/** What can be reached by the keyboard, in its order. */
const REACHED = "[tabindex],button,summary"

/** Replaces a part by another of its kind, and leaves the reader where they were: at the chart that they look at, without the curves that they hid. */
const replace = (part: HTMLElement, html: string): void => {
  const reached = [...part.querySelectorAll<HTMLElement>(REACHED)]
  const focused = reached.indexOf(document.activeElement as HTMLElement)
  const hidden = [...part.querySelectorAll(".key[aria-pressed=false]")].map(({ textContent }) => textContent)
  part.innerHTML = html
  for (const key of part.querySelectorAll(".key"))
    if (reached.length > 0) key.setAttribute("aria-pressed", String(!hidden.includes(key.textContent)))
  if (focused >= 0) part.querySelectorAll<HTMLElement>(REACHED)[focused]?.focus()
}

/** A part of a report, which is escaped where it is made, and answers as it does in the report's own file. */
export const Html = ({ html }: { readonly html: string }) => {
  const part = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { current } = part
    if (current === null) return
    replace(current, html)
    // what a report's scripts need of a document, for this part of one
    const within = Object.assign(Object.create(null), {
      querySelector: (selector: string) => current.querySelector(selector),
      querySelectorAll: (selector: string) => current.querySelectorAll(selector),
      createRange: () => document.createRange()
    }) as unknown as Page
    const made = tools(document as unknown as Page)
    curves(within, made)
    graph(within, made)
    // what is printed of a page that changes is what is on the screen
    const view = {
      navigator,
      setTimeout: setTimeout.bind(window),
      getSelection: () => getSelection(),
      addEventListener: () => {}
    }
    reader(within, view as unknown as Parameters<typeof reader>[1])
  }, [html])
  return <div ref={part} />
}
