/** The part of a browser's interface that the page's scripts use: the project's own sources know no browser. */
export interface Happening {
  readonly clientX: number
  readonly clientY: number
  readonly key: string
  readonly shiftKey: boolean
  preventDefault(): void
}
export interface Part {
  readonly dataset: Record<string, string | undefined>
  readonly style: Record<"left" | "top", string>
  readonly classList: { toggle(name: string, on: boolean): void }
  readonly clientWidth: number
  readonly offsetWidth: number
  readonly offsetHeight: number
  textContent: string | null
  className: string
  hidden: boolean
  open: boolean
  append(...parts: ReadonlyArray<Part | string>): void
  replaceChildren(...parts: ReadonlyArray<Part | string>): void
  remove(): void
  setAttribute(name: string, value: string): void
  getAttribute(name: string): string | null
  querySelector(selector: string): Part | null
  querySelectorAll(selector: string): Iterable<Part>
  addEventListener(type: string, listener: (event: Happening) => void): void
  getBoundingClientRect(): {
    readonly left: number
    readonly top: number
    readonly width: number
    readonly height: number
  }
}
export interface Page extends Part {
  createElement(name: string): Part
  createElementNS(namespace: string, name: string): Part
  createRange(): { selectNodeContents(part: Part): void }
}
export interface View {
  readonly navigator: { readonly clipboard?: { writeText(text: string): Promise<void> } }
  addEventListener(type: string, listener: () => void): void
  setTimeout(run: () => void, millis: number): void
  getSelection(): { removeAllRanges(): void; addRange(range: unknown): void } | null
}
