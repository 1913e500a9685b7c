import { useContext, useState } from "preact/hooks"
import { formatCount } from "../../kinds/format.ts"
import { GoingCards } from "./GoingCards.tsx"
import { RunTable } from "./RunTable.tsx"
import { ToldContext } from "./runs-live.ts"
import { useTitle } from "./text.ts"
import { useRuns } from "./use-runs.ts"

/** All runs: those that go on, and what came of the others. */
export const RunsPage = () => {
  const { watched, recorded } = useContext(ToldContext)
  useTitle("Runs")
  const [filter, setFilter] = useState("")
  const [sort, setSort] = useState("-started")
  const [hidden, setHidden] = useState(false)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const choose = (run: string, isChosen: boolean) =>
    setChosen((before) => new Set(isChosen ? [...before, run] : [...before].filter((each) => each !== run)))
  const runs = useRuns({ filter, sort, hidden }, recorded)
  const { list, error } = runs
  return (
    <>
      <GoingCards watched={watched} />
      <section aria-labelledby="runs">
        <h1 id="runs">Runs</h1>
        <div class="asking">
          <label>
            <span>Filter</span>
            <input
              type="search"
              value={filter}
              placeholder="transfer done testAccuracy>0.8 units=256"
              spellcheck={false}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </label>
          <label class="check">
            <input type="checkbox" checked={hidden} onChange={(event) => setHidden(event.currentTarget.checked)} />{" "}
            hidden ones too
          </label>
          <output class="facts">
            {list === null
              ? ""
              : list.total === list.all
                ? `${formatCount(list.all)} runs`
                : `${formatCount(list.total)} of ${formatCount(list.all)} runs`}
            {list !== null && list.unread > 0 ? `, ${formatCount(list.unread)} are still read` : ""}
          </output>
        </div>
        {chosen.size === 0 ? null : (
          <p class="chosen">
            {chosen.size > 1 ? (
              <a class="button" href={`/compare?runs=${[...chosen].join(",")}`}>
                Compare {chosen.size}
              </a>
            ) : (
              <span class="facts">One is chosen: choose another to compare it with.</span>
            )}{" "}
            <button type="button" onClick={() => setChosen(new Set())}>
              Choose none
            </button>
          </p>
        )}
        {error === null ? null : (
          <p class="notice" role="alert">
            {error}
          </p>
        )}
        {list === null ? null : (
          <RunTable {...runs} list={list} sort={sort} onSort={setSort} chosen={chosen} choose={choose} />
        )}
        {list?.all === 0 && list.unread === 0 ? (
          <p>
            There are no runs yet. Start one in a terminal, with <code>pipeline run NAME</code>: it shows here at once.
          </p>
        ) : null}
        {list === null || list.unreadable.length === 0 ? null : (
          <details>
            <summary>{formatCount(list.unreadable.length)} records cannot be read</summary>
            <ul>
              {list.unreadable.map(({ run, what }) => (
                <li key={run}>{what}</li>
              ))}
            </ul>
          </details>
        )}
      </section>
    </>
  )
}
