import { Kind } from "headrace"
import type { Files } from "../artifacts/LayersModel.ts"
import type { Whole } from "../models/Whole.ts"
import { MOST_SHOWN, pageScript } from "./whole-page-script.ts"

/** Text in HTML. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** JSON in a script element that is data: nothing in it ends the element. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c")

/** What the page looks like beside what all pages have in common. */
const style = `
main{max-width:780px}
#drop{display:block;border:2px dashed var(--line);border-radius:12px;padding:26px 16px;text-align:center;cursor:pointer;background:var(--paper);color:var(--text)}
#drop.over,#drop:hover,#drop:focus-within{border-color:var(--accent);background:var(--soft)}
#drop strong{color:var(--ink)}
#file{position:absolute;opacity:0;width:1px;height:1px}
.ways{display:flex;gap:10px;align-items:center;margin-top:12px;flex-wrap:wrap}
.ways button{padding:7px 14px}
#told{margin:0;flex:1;min-width:min(100%,240px);overflow-wrap:anywhere}
.pictures{display:flex;gap:14px;align-items:flex-end;flex-wrap:wrap;margin-bottom:16px}
.pictures figure{max-width:100%}
.pictures img,.pictures video{max-width:100%;max-height:320px}
.pictures img,.pictures video,#seen{display:block;border:1px solid var(--line);border-radius:9px;background:var(--paper)}
#seen{width:128px;height:128px;image-rendering:pixelated}
[hidden]{display:none!important}
@media (max-width:600px){.pictures img,.pictures video{max-height:180px}#seen{width:96px;height:96px}}
#answer{list-style:none;margin:0;padding:0}
#answer li{display:grid;grid-template-columns:minmax(0,11ch) 1fr 7ch;gap:12px;align-items:center;padding:5px 0}
#answer .name{color:var(--text);overflow-wrap:anywhere}
#answer .first .name,#answer .first .share{color:var(--ink);font-weight:650}
#answer .bar{height:12px;border-radius:6px;background:var(--grid);overflow:hidden}
#answer .bar::before{content:"";display:block;height:100%;width:calc(var(--share) * 100%);background:var(--accent);border-radius:6px}
#answer .share{text-align:right;font-variant-numeric:tabular-nums}
`.trim()

const policy = [
  "default-src 'none'",
  "img-src blob: data:",
  "media-src blob: mediastream:",
  "style-src 'unsafe-inline'",
  "script-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'"
].join("; ")

/**
 * A page in one file that says what photos show, for a browser that opens it from the disk: the model, its weights and what
 * computes it are in it, and it asks nobody for anything.
 */
export const wholePage = (title: string, { classes, image }: Whole, files: Files, runtime: string): string => {
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(files["model.json"]))
  const given = json({ classes, image, model: { modelTopology, weightsManifest } })
  const [height, width] = image
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}: what does a photo show?</title>
<style>${Kind.pageStyle}
${style}</style>
</head>
<body>
<main>
<header>
<div class="top"><h1>What does a photo show?</h1><span class="badge">${escaped(title)}</span></div>
<p class="lead">The likeliest of ${classes.length} classes, told on this machine: the model is in this page, and nothing leaves it.</p>
</header>
<section>
<label id="drop"><input id="file" type="file" accept="image/*"><strong>Drop a photo</strong>, paste one, or click to choose</label>
<div class="ways"><button id="camera" type="button">Use the camera</button><p id="told" class="note" role="status"></p></div>
</section>
<section id="result" hidden>
<div class="pictures">
<figure><img id="photo" alt="" hidden><video id="video" muted playsinline hidden></video><figcaption>What was given</figcaption></figure>
<figure><canvas id="seen" width="${width}" height="${height}"></canvas><figcaption>What the model sees: ${width} x ${height}</figcaption></figure>
</div>
<ol id="answer" aria-label="The likeliest classes" aria-live="polite"></ol>
</section>
${classes.length > MOST_SHOWN ? `<section>\n<h2>Classes</h2>\n<p>${classes.map(escaped).join(", ")}</p>\n</section>\n` : ""}<footer>Exported by Headrace. What the model was trained on, and how well it does, is told by MODEL_CARD.md beside this page.</footer>
</main>
<script id="given" type="application/json">${given}</script>
<script id="weights" type="text/plain">${Buffer.from(files["weights.bin"]).toString("base64")}</script>
<script>${runtime.replaceAll("</script", "<\\/script")}</script>
<script>${pageScript}</script>
</body>
</html>
`
}
