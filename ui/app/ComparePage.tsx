import { useLocation } from "preact-iso"
import { useAsked } from "./client.ts"
import { Html } from "./Html.tsx"
import { useTitle } from "./text.ts"

/** Runs beside each other: in what they differ, how well each does, and their curves over each other. */
export const ComparePage = () => {
  const { runs = "" } = useLocation().query
  const { value, error } = useAsked((client) => client.compare({ urlParams: { runs } }), runs)
  useTitle("Runs compared")
  if (value !== null && error === null) return <Html html={value.comparison} />
  return (
    <section>
      <h1>Runs compared</h1>
      <p role={error === null ? "status" : "alert"}>{error ?? "They are read."}</p>
      <p>
        <a href="/">All runs</a>
      </p>
    </section>
  )
}
