import type { Page, Part } from "./Dom.ts"

/** A box of text that is shown beside what it tells of. */
export interface Tip {
  /** Above the point, within the width of its holder; below a point that is near the top of it. */
  readonly show: (x: number, y: number, below: number, ...parts: ReadonlyArray<Part | string>) => void
  readonly hide: () => void
}

export interface Tools {
  /** What comes from data is given as text, never as HTML. */
  readonly element: (name: string, className: string, ...parts: ReadonlyArray<Part | string>) => Part
  readonly mark: (name: string, className: string, attributes: Readonly<Record<string, string | number>>) => Part
  readonly tipIn: (holder: Part) => Tip
}

/** What the page's scripts share. Its text is put into the page: it uses nothing but its argument. */
export const tools = (page: Page): Tools => {
  const element: Tools["element"] = (name, className, ...parts) => {
    const made = page.createElement(name)
    made.className = className
    made.append(...parts)
    return made
  }
  const mark: Tools["mark"] = (name, className, attributes) => {
    const made = page.createElementNS("http://www.w3.org/2000/svg", name)
    made.setAttribute("class", className)
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value))
    return made
  }
  const tipIn: Tools["tipIn"] = (holder) => {
    const tip = element("div", "tip")
    tip.setAttribute("role", "status")
    tip.hidden = true
    holder.append(tip)
    return {
      show: (x, y, below, ...parts) => {
        tip.replaceChildren(...parts)
        tip.hidden = false
        // as wide as its text, before it is moved to where less room is left
        tip.style.left = "0px"
        const room = holder.clientWidth - tip.offsetWidth
        tip.style.left = `${Math.max(0, Math.min(x, room))}px`
        const top = y - tip.offsetHeight - 8
        tip.style.top = `${top >= -60 ? top : below + 8}px`
      },
      hide: () => {
        tip.hidden = true
      }
    }
  }
  return { element, mark, tipIn }
}
