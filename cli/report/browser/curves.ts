import type { Panel } from "../Chart.ts"
import type { LineData, PanelData, SIZE } from "../chart-svg.ts"
import type { Happening, Page, Part } from "./Dom.ts"
import type { Tools } from "./tools.ts"

/**
 * Curves that answer: the values at the epoch under the pointer, or at the next one by an arrow key, and a legend that
 * hides lines; with Shift it hides all others. Its text is put into the page: it uses nothing but its arguments.
 */
export const curves = (page: Pick<Page, "querySelectorAll">, { element, mark, tipIn }: Tools): void => {
  const MOST = 12

  interface Hover {
    /** Draws the guide at an epoch, and tells the values where it is `told`; null clears. */
    readonly show: (epoch: number | null, told: boolean) => void
  }

  const hoverOf = (
    holder: Part,
    drawing: Part,
    panel: PanelData,
    size: typeof SIZE,
    isShown: (line: LineData) => boolean,
    all: (epoch: number | null, by: Hover) => void
  ): Hover => {
    const epochs = [...new Set(panel.lines.flatMap((line) => line.epochs))].sort((a, b) => a - b)
    const tip = tipIn(holder)
    const overlay = mark("g", "overlay", {})
    drawing.append(overlay)
    let current = -1
    const xOf = (epoch: number) =>
      size.left + ((epoch - panel.x[0]) / (panel.x[1] - panel.x[0])) * (size.width - size.left - size.right)
    const yOf = (value: number) => {
      const share = (value - panel.y[0]) / (panel.y[1] - panel.y[0])
      return size.height - size.bottom - share * (size.height - size.top - size.bottom)
    }
    const textOf = (value: number, unit: Panel["unit"]) =>
      unit === "share" ? `${(value * 100).toFixed(1)} %` : value.toPrecision(4)

    const show: Hover["show"] = (epoch, told) => {
      overlay.replaceChildren()
      tip.hide()
      current = epoch === null ? -1 : epochs.indexOf(epoch)
      const found = panel.lines.flatMap((line) => {
        const value = epoch === null ? null : line.values[line.epochs.indexOf(epoch)]
        return value == null || !isShown(line) ? [] : [{ line, value }]
      })
      if (epoch === null || found.length === 0) return
      const x = xOf(epoch)
      const guide = mark("line", "guide", { x1: x, x2: x, y1: size.top, y2: size.height - size.bottom })
      overlay.append(
        guide,
        ...found.map(({ line, value }) => mark("circle", `dot ${line.colour}`, { cx: x, cy: yOf(value), r: 4 }))
      )
      if (!told) return
      const rows = [...found]
        .sort((a, b) => b.value - a.value)
        .slice(0, MOST)
        .map(({ line, value }) =>
          element("span", "", element("i", line.colour, ""), `${line.label}: ${textOf(value, panel.unit)}`)
        )
      const more = found.length > MOST ? [element("span", "", `and ${found.length - MOST} more`)] : []
      const [at, around] = [drawing.getBoundingClientRect(), holder.getBoundingClientRect()]
      const scale = at.width / size.width
      const top = at.top - around.top + Math.min(...found.map(({ value }) => yOf(value))) * scale
      tip.show(x * scale + 12, top, top, element("b", "", `epoch ${epoch}`), ...rows, ...more)
    }
    const hover = { show }

    const point = ({ clientX }: Happening): void => {
      const { left, width } = drawing.getBoundingClientRect()
      const x = ((clientX - left) / width) * size.width
      const nearer = (best: number, epoch: number) =>
        Math.abs(xOf(epoch) - x) < Math.abs(xOf(best) - x) ? epoch : best
      all(epochs.reduce(nearer, epochs[0] ?? 0), hover)
    }
    const press = (event: Happening): void => {
      const last = epochs.length - 1
      const next: Readonly<Record<string, number>> = {
        ArrowRight: Math.min(last, current + 1),
        ArrowLeft: current < 0 ? last : Math.max(0, current - 1),
        Home: 0,
        End: last
      }
      const at = next[event.key]
      if (event.key === "Escape") all(null, hover)
      if (at === undefined) return
      event.preventDefault()
      all(epochs[at] ?? null, hover)
    }
    drawing.addEventListener("pointermove", point)
    drawing.addEventListener("pointerdown", point)
    drawing.addEventListener("pointerleave", () => all(null, hover))
    drawing.addEventListener("blur", () => all(null, hover))
    drawing.addEventListener("keydown", press)
    return hover
  }

  for (const box of page.querySelectorAll("[data-chart]")) {
    const { size, panels } = JSON.parse(box.querySelector("script")?.textContent ?? "") as {
      readonly size: typeof SIZE
      readonly panels: ReadonlyArray<PanelData>
    }
    const keys = [...box.querySelectorAll(".key")]
    const entries = keys.flatMap(({ dataset }) => dataset.entry ?? [])
    // an entry's number, or a kind's name
    const hidden = new Set(
      keys
        .filter((key) => key.getAttribute("aria-pressed") === "false")
        .flatMap(({ dataset }) => dataset.entry ?? dataset.kind ?? [])
    )
    const isShown = ({ entry, kind }: Pick<LineData, "entry" | "kind">) =>
      !hidden.has(String(entry)) && !hidden.has(kind)
    const hovers: Array<Hover> = []
    const all = (epoch: number | null, by: Hover): void => {
      for (const hover of hovers) hover.show(epoch, hover === by)
    }
    for (const [index, holder] of [...box.querySelectorAll(".panel")].entries()) {
      const [panel, drawing] = [panels[index], holder.querySelector("svg")]
      if (panel !== undefined && drawing !== null) hovers.push(hoverOf(holder, drawing, panel, size, isShown, all))
    }

    const apply = (): void => {
      for (const line of box.querySelectorAll(".line[data-entry]")) {
        const { entry = "", kind = "" } = line.dataset
        line.classList.toggle("off", hidden.has(entry) || hidden.has(kind))
      }
      for (const key of keys)
        key.setAttribute("aria-pressed", String(!hidden.has(key.dataset.entry ?? key.dataset.kind ?? "")))
      for (const { show } of hovers) show(null, false)
    }
    const only = (...shown: ReadonlyArray<string>): void => {
      for (const entry of entries) {
        if (shown.includes(entry)) hidden.delete(entry)
        else hidden.add(entry)
      }
    }
    for (const key of keys)
      key.addEventListener("click", ({ shiftKey }) => {
        const name = key.dataset.entry ?? key.dataset.kind ?? ""
        if (shiftKey && entries.includes(name)) only(name)
        else if (!hidden.delete(name)) hidden.add(name)
        apply()
      })
    for (const button of box.querySelectorAll("[data-show]"))
      button.addEventListener("click", () => {
        only(...(button.dataset.show === "all" ? entries : []))
        apply()
      })
    apply()
  }
}
