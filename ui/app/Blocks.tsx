import type { Block } from "../Api.ts"
import { Scroll } from "./Scroll.tsx"

type Of<Tag extends Block["_tag"]> = Extract<Block, { readonly _tag: Tag }>

const Table = ({ title, columns, rows }: Of<"Table">) => (
  <>
    {title === null ? null : <h3>{title}</h3>}
    <Scroll label={title ?? "What is in it"}>
      <table>
        <thead>
          <tr>
            {columns.map(({ header, isNumber }) => (
              <th key={header} scope="col" class={isNumber ? "number" : ""}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {columns.map(({ header, isNumber }, column) => (
                <td key={header} class={isNumber ? "number" : ""}>
                  {row[column]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  </>
)

/** One thing that people are shown of an artifact. */
export const Shown = ({ block }: { readonly block: Block }) => {
  switch (block._tag) {
    case "Text":
      return <p>{block.text}</p>
    case "Table":
      return <Table {...block} />
    case "Picture":
      return (
        <div class="figures">
          <figure>
            <img alt={block.title} src={`data:image/${block.type};base64,${block.bytes}`} />
            <figcaption>{block.title}</figcaption>
          </figure>
        </div>
      )
  }
}
