import type { Page } from "./Dom.ts"
import type { Tools } from "./tools.ts"

/** Nodes that tell why they ran when they are pointed at, tapped or reached by Tab. Uses nothing but its arguments. */
export const graph = (page: Pick<Page, "querySelectorAll">, { element, tipIn }: Tools): void => {
  for (const holder of page.querySelectorAll(".stage")) {
    const tip = tipIn(holder)
    for (const node of holder.querySelectorAll("[data-node]")) {
      const title = node.querySelector("title")
      const [name = "", ...note] = (title?.textContent ?? "").split("\n")
      // the browser's own would lie over this one
      title?.remove()
      const show = (): void => {
        const [at, around] = [node.getBoundingClientRect(), holder.getBoundingClientRect()]
        const top = at.top - around.top
        tip.show(at.left - around.left, top, top + at.height, element("b", "", name), note.join(" "))
      }
      for (const shown of ["pointerenter", "focus", "click"]) node.addEventListener(shown, show)
      for (const hidden of ["pointerleave", "blur"]) node.addEventListener(hidden, tip.hide)
      node.addEventListener("keydown", ({ key }) => {
        if (key === "Escape") tip.hide()
      })
    }
  }
}
