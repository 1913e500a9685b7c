import type { Page, View } from "./Dom.ts"

/** A command that is copied at a click, or else selected, and paper that shows what is folded. Uses nothing but its arguments. */
export const reader = (page: Page, view: View): void => {
  for (const button of page.querySelectorAll("button[data-copy]")) {
    const code = page.querySelector(`#${button.dataset.copy}`)
    if (code === null) continue
    const before = button.textContent
    const say = (text: string): void => {
      button.textContent = text
      view.setTimeout(() => {
        button.textContent = before
      }, 1500)
    }
    const select = (): void => {
      const range = page.createRange()
      range.selectNodeContents(code)
      view.getSelection()?.removeAllRanges()
      view.getSelection()?.addRange(range)
      say("Selected")
    }
    button.addEventListener("click", () => {
      const copying = view.navigator.clipboard?.writeText(code.textContent ?? "")
      if (copying === undefined) select()
      else copying.then(() => say("Copied"), select)
    })
  }
  view.addEventListener("beforeprint", () => {
    for (const details of page.querySelectorAll("details")) details.open = true
  })
}
