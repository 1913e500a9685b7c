import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core"
import { useEffect, useRef, useState } from "preact/hooks"
import { isAccuracy, numberText, wordsOf } from "../../cli/terminal/numbers.ts"
import { formatCount, formatSeconds } from "../../kinds/format.ts"
import type { RunList, RunRow } from "../Api.ts"
import { Scroll } from "./Scroll.tsx"
import { ago, moment, valueText } from "./text.ts"
import type { Runs } from "./use-runs.ts"

/** In pixels; a row is one line. */
const ROW = 38

interface Column {
  readonly id: string
  readonly header: string
  /** What the server calls it. */
  readonly sort: string
  readonly width: string
  readonly isNumber?: boolean
  readonly cell: (row: RunRow, now: number) => preact.ComponentChildren
}

const FIRST: ReadonlyArray<Column> = [
  {
    id: "started",
    header: "started",
    sort: "started",
    width: "10rem",
    cell: ({ run, started }, now) => (
      <a href={`/runs/${run}`} title={moment(started)}>
        {ago(started, now)}
      </a>
    )
  },
  {
    id: "pipeline",
    header: "pipeline",
    sort: "pipeline",
    width: "13rem",
    cell: ({ pipeline, kind, points }) =>
      kind === "run" ? pipeline : `${pipeline}, ${kind} of ${formatCount(points ?? 0)}`
  },
  {
    id: "status",
    header: "status",
    sort: "status",
    width: "7.5rem",
    cell: ({ status, error }) => (
      <span class={`badge ${status}`} title={error ?? ""}>
        {status}
      </span>
    )
  },
  {
    id: "seconds",
    header: "took",
    sort: "seconds",
    width: "7rem",
    isNumber: true,
    cell: ({ seconds }) => formatSeconds(seconds)
  }
]
const LAST: ReadonlyArray<Column> = [
  {
    id: "marks",
    header: "tags, note",
    sort: "note",
    width: "16rem",
    cell: ({ marks }) => (
      <>
        {marks.tags.map((tag) => (
          <span key={tag} class="badge">
            {tag}
          </span>
        ))}{" "}
        {marks.note}
      </>
    )
  }
]

const metricColumn = (name: string): Column => ({
  id: `metric:${name}`,
  header: wordsOf(name),
  sort: `metric:${name}`,
  width: "8.5rem",
  isNumber: true,
  cell: ({ metrics }) => {
    const value = metrics[name]
    return value === undefined ? "" : numberText(name, value)
  }
})

const paramColumn = (name: string): Column => ({
  id: `param:${name}`,
  header: wordsOf(name),
  sort: `param:${name}`,
  width: "8.5rem",
  cell: ({ params }) => valueText(params[name])
})

/** How well each does stands beside what it is, then in what it differs, then what else it came to. */
const columnsOf = ({ params, metrics }: RunList): ReadonlyArray<Column> => [
  ...FIRST,
  ...metrics.filter(isAccuracy).map(metricColumn),
  ...params.map(paramColumn),
  ...metrics.filter((name) => !isAccuracy(name)).map(metricColumn),
  ...LAST
]

/** What of a long list is on the screen, by the library that counts it. */
const useVirtual = (count: number, scrolled: { readonly current: HTMLDivElement | null }) => {
  const [, draw] = useState({})
  const [virtual] = useState(
    () =>
      new Virtualizer<HTMLDivElement, HTMLDivElement>({
        count,
        getScrollElement: () => scrolled.current,
        estimateSize: () => ROW,
        overscan: 12,
        observeElementRect,
        observeElementOffset,
        scrollToFn: elementScroll,
        onChange: () => draw({})
      })
  )
  virtual.setOptions({ ...virtual.options, count })
  useEffect(() => virtual._didMount(), [])
  useEffect(() => virtual._willUpdate())
  return virtual
}

interface HeaderProps {
  readonly column: Column
  readonly sort: string
  readonly onSort: (sort: string) => void
}

const Header = ({ column, sort, onSort }: HeaderProps) => {
  const [isUp, isDown] = [sort === column.sort, sort === `-${column.sort}`]
  return (
    <th
      scope="col"
      class={column.isNumber === true ? "number" : ""}
      aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}
    >
      <button
        type="button"
        class="sort"
        title={`Sort by ${column.header}`}
        onClick={() => onSort(isDown ? column.sort : `-${column.sort}`)}
      >
        {column.header}
        <span aria-hidden="true">{isUp ? " ▲" : isDown ? " ▼" : ""}</span>
      </button>
    </th>
  )
}

/** Stands for rows that are not drawn. */
const Gap = ({ pixels, columns }: { readonly pixels: number; readonly columns: number }) =>
  pixels <= 0 ? null : (
    <tr class="gap">
      <td colSpan={columns} style={{ height: `${pixels}px` }} />
    </tr>
  )

/** The runs that are chosen, to be compared. */
export interface Choice {
  readonly chosen: ReadonlySet<string>
  readonly choose: (run: string, isChosen: boolean) => void
}

interface Props extends Runs, Choice {
  readonly list: RunList
  readonly sort: string
  readonly onSort: (sort: string) => void
}

/** The list of runs, of which as much is drawn as is on the screen. */
export const RunTable = ({ list, rowAt, see, sort, onSort, chosen, choose }: Props) => {
  const scrolled = useRef<HTMLDivElement>(null)
  const virtual = useVirtual(list.total, scrolled)
  const items = virtual.getVirtualItems()
  const columns = columnsOf(list)
  const [first, last] = [items[0], items.at(-1)]
  useEffect(() => see(first?.index ?? 0, last?.index ?? 0), [first?.index, last?.index, list])
  const now = Date.now()
  return (
    <Scroll class="runs" within={scrolled} label="Runs, as a table">
      <table aria-rowcount={list.total + 1}>
        <colgroup>
          <col style={{ width: "2.6rem" }} />
          {columns.map(({ id, width }) => (
            <col key={id} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">
              <span class="unseen">chosen</span>
            </th>
            {columns.map((column) => (
              <Header key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap pixels={first?.start ?? 0} columns={columns.length + 1} />
          {items.map(({ index }) => {
            const row = rowAt(index)
            return (
              <tr key={index} class={row?.marks.hidden === true ? "hidden" : ""} aria-rowindex={index + 2}>
                <td>
                  {row === undefined ? null : (
                    <input
                      type="checkbox"
                      aria-label={`Choose run ${row.run}`}
                      checked={chosen.has(row.run)}
                      onChange={(event) => choose(row.run, event.currentTarget.checked)}
                    />
                  )}
                </td>
                {columns.map(({ id, cell, isNumber }) => (
                  <td key={id} class={isNumber === true ? "number" : ""}>
                    {row === undefined ? "…" : cell(row, now)}
                  </td>
                ))}
              </tr>
            )
          })}
          <Gap pixels={virtual.getTotalSize() - (last?.end ?? 0)} columns={columns.length + 1} />
        </tbody>
      </table>
    </Scroll>
  )
}
