import type { ComponentChildren } from "preact"
import { useContext } from "preact/hooks"
import { useAsked } from "./client.ts"
import { goesOn, ToldContext } from "./runs-live.ts"

/** What stands around every part of the page: where one is, and whether the server is there. */
export const Frame = ({ children }: { readonly children: ComponentChildren }) => {
  const { watched, isThere } = useContext(ToldContext)
  const project = useAsked((client) => client.project(), "project", isThere)
  const going = [...watched.values()].filter(goesOn).length
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <nav aria-label="Page">
        <a href="/" class="name">
          {project.value?.name ?? "headrace"}
        </a>
        <a href="/">Runs</a>
        <a href="/store">Store</a>
        <span class="facts">
          {going === 0 ? "nothing runs now" : `${going} ${going === 1 ? "run goes" : "runs go"} on`}
          {project.value === null ? null : ` · headrace ${project.value.version}`}
        </span>
      </nav>
      {isThere ? null : (
        <p class="notice" role="alert">
          The server does not answer: what is shown here is how it was. It is asked again by itself.
        </p>
      )}
      <main id="content">{children}</main>
    </>
  )
}
