import { useContext, useState } from "preact/hooks"
import { useLocation } from "preact-iso"
import type { Marks, RunRow } from "../Api.ts"
import { Artifacts } from "./Artifacts.tsx"
import { ask, useAsked } from "./client.ts"
import { Html } from "./Html.tsx"
import { goesOn, ToldContext } from "./runs-live.ts"
import { useTitle } from "./text.ts"

/** What a person says of a run. */
const MarksForm = ({ row }: { readonly row: RunRow }) => {
  const [marks, setMarks] = useState<Marks>(row.marks)
  const [tags, setTags] = useState(row.marks.tags.join(", "))
  const [said, setSaid] = useState("")
  const save = async (payload: Marks) => {
    setMarks(payload)
    setSaid("")
    const { error } = await ask((client) => client.mark({ path: { run: row.run }, payload }))
    setSaid(error ?? "kept")
  }
  const tagsOf = (text: string) => text.split(",").flatMap((tag) => (tag.trim() === "" ? [] : [tag.trim()]))
  return (
    <div class="marks">
      <label>
        <span>Tags</span>
        <input
          value={tags}
          placeholder="baseline, for the paper"
          onInput={(event) => setTags(event.currentTarget.value)}
          onChange={(event) => save({ ...marks, tags: tagsOf(event.currentTarget.value) })}
        />
      </label>
      <label class="wide">
        <span>Note</span>
        <textarea
          rows={2}
          value={marks.note}
          onInput={(event) => setMarks({ ...marks, note: event.currentTarget.value })}
          onChange={(event) => save({ ...marks, note: event.currentTarget.value })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={marks.hidden}
          onChange={(event) => save({ ...marks, hidden: event.currentTarget.checked })}
        />{" "}
        hidden in the list
      </label>
      <output class="facts">{said}</output>
    </div>
  )
}

/** Takes a record away, once it is asked twice. */
const Removal = ({ run }: { readonly run: string }) => {
  const { route } = useLocation()
  const [isAsked, setAsked] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const remove = async () => {
    const answer = await ask((client) => client.remove({ path: { run } }))
    if (answer.error === null) route("/")
    else setError(answer.error)
  }
  return (
    <p class="removal">
      {isAsked ? (
        <>
          <span>The record, its tags and its note go for good. What was computed stays, and is found again.</span>{" "}
          <button type="button" class="danger" onClick={remove}>
            Delete the record
          </button>{" "}
          <button type="button" onClick={() => setAsked(false)}>
            Keep it
          </button>
        </>
      ) : (
        <button type="button" onClick={() => setAsked(true)}>
          Delete…
        </button>
      )}
      {error === null ? null : <span role="alert"> {error}</span>}
    </p>
  )
}

/** A run that is over: what its report says, and what people say of it. */
export const RunPage = ({ run = "" }: { readonly run?: string }) => {
  const { watched, recorded } = useContext(ToldContext)
  const { value, error } = useAsked((client) => client.one({ path: { run } }), run, recorded)
  const known = watched.get(run)
  useTitle(`${value?.row.pipeline ?? "Run"} ${run}`)
  if (value === null)
    return (
      <section>
        <h1>Run {run}</h1>
        {known !== undefined && goesOn(known) ? (
          <p>
            It goes on: <a href={`/live/${run}`}>watch it</a>.
          </p>
        ) : (
          <p role={error === null ? "status" : "alert"}>{error ?? "It is read."}</p>
        )}
      </section>
    )
  return (
    <>
      <Html html={value.report} />
      <Artifacts artifacts={value.artifacts} />
      <section aria-labelledby="said">
        <h2 id="said">Said of it</h2>
        <MarksForm key={run} row={value.row} />
        <Removal run={run} />
      </section>
    </>
  )
}
