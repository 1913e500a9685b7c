import { formatBytes, formatCount } from "../../kinds/format.ts"
import type { ArtifactLine } from "../Api.ts"
import { Scroll } from "./Scroll.tsx"

/** What the nodes of a run made, each with a page of its own. */
export const Artifacts = ({ artifacts }: { readonly artifacts: ReadonlyArray<ArtifactLine> }) =>
  artifacts.length === 0 ? null : (
    <section aria-labelledby="artifacts">
      <h2 id="artifacts">Artifacts</h2>
      <Scroll label="Artifacts">
        <table>
          <thead>
            <tr>
              <th scope="col" class="name">
                artifact
              </th>
              <th scope="col">what it is</th>
              <th scope="col" class="number">
                rows
              </th>
              <th scope="col" class="number">
                size
              </th>
            </tr>
          </thead>
          <tbody>
            {artifacts.map(({ address, node, output, artifact, rows, bytes }) => (
              <tr key={address}>
                <td class="name">
                  <a href={`/artifact?address=${encodeURIComponent(address)}`}>
                    {node}.{output}
                  </a>
                </td>
                <td>{artifact}</td>
                <td class="number">{rows === null ? "" : formatCount(rows)}</td>
                <td class="number">{formatBytes(bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
