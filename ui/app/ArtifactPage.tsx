import { Fragment } from "preact"
import { useLocation } from "preact-iso"
import { wordsOf } from "../../cli/terminal/numbers.ts"
import { formatBytes, formatCounted, formatSeconds } from "../../kinds/format.ts"
import type { Artifact } from "../Api.ts"
import { Shown } from "./Blocks.tsx"
import { useAsked } from "./client.ts"
import { moment, useTitle, valueText } from "./text.ts"

const linkTo = (address: string): string => `/artifact?address=${encodeURIComponent(address)}`

const Made = ({ made, usedBy, content }: Artifact) => (
  <section aria-labelledby="made">
    <h2 id="made">What made it, and who uses it</h2>
    <dl class="pairs">
      <dt>stage</dt>
      <dd>
        {made.stage}, in {formatSeconds(made.seconds)}, {moment(made.finished)} on {made.host}
      </dd>
      {made.inputs.map(({ name, from, content }) => (
        <Fragment key={name}>
          <dt>{wordsOf(name)}</dt>
          <dd>{content === null ? from : <a href={linkTo(content)}>{from}</a>}</dd>
        </Fragment>
      ))}
      {Object.entries(made.params).map(([name, param]) => (
        <Fragment key={name}>
          <dt>{wordsOf(name)}</dt>
          <dd>
            <code>{valueText(param)}</code>
          </dd>
        </Fragment>
      ))}
      <dt>used by</dt>
      <dd>{usedBy.join(", ") || "nobody"}</dd>
      <dt>content</dt>
      <dd>
        <code>{content}</code>
      </dd>
      <dt>key</dt>
      <dd>
        <code>{made.key}</code>
      </dd>
    </dl>
    {made.printed === "" ? null : (
      <details>
        <summary>What the stage printed</summary>
        <pre>{made.printed}</pre>
      </details>
    )}
  </section>
)

/** An artifact: what is in it, what made it, and who uses it. */
export const ArtifactPage = () => {
  const { address = "" } = useLocation().query
  const { value, error } = useAsked((client) => client.artifact({ urlParams: { address } }), address)
  useTitle(value === null ? "Artifact" : `${value.node}.${value.output}`)
  if (value === null || error !== null)
    return (
      <section>
        <h1>Artifact</h1>
        <p role={error === null ? "status" : "alert"}>{error ?? "It is read."}</p>
      </section>
    )
  const [run] = address.split("/")
  return (
    <>
      <header>
        <div class="top">
          <h1>
            {value.node}.{value.output}
          </h1>
          <span class="badge">{value.artifact}</span>
        </div>
        <p class="facts">
          {value.kind}
          {value.rows === null ? "" : `, ${formatCounted(value.rows, "row")}`}, {formatBytes(value.bytes)} · of{" "}
          {address.includes("/") ? <a href={`/runs/${run}`}>{`${value.pipeline} ${run}`}</a> : value.pipeline}
        </p>
      </header>
      <section aria-labelledby="within">
        <h2 id="within">What is in it</h2>
        {value.error === null ? null : (
          <p class="notice" role="alert">
            {value.error}
          </p>
        )}
        {value.blocks.map((block, at) => (
          <Shown key={at} block={block} />
        ))}
        {value.blocks.length === 0 && value.error === null ? <p>Nothing of it is shown: it is for programs.</p> : null}
      </section>
      <Made {...value} />
    </>
  )
}
