import type { ComponentChildren, Ref } from "preact"

interface Props {
  readonly label: string
  readonly class?: string
  readonly within?: Ref<HTMLDivElement>
  readonly children: ComponentChildren
}

/** What may be wider or longer than its place, and is scrolled there: also by who has no pointer. */
export const Scroll = ({ label, class: name = "scroll", within, children }: Props) => (
  // biome-ignore lint/a11y/useSemanticElements: a section is a card of the page
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
  <div class={name} ref={within ?? null} tabIndex={0} role="region" aria-label={label}>
    {children}
  </div>
)
