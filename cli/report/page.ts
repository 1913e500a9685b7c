import { createHash } from "node:crypto"
import { style } from "../../kinds/page-style.ts"
import { curves } from "./browser/curves.ts"
import { graph } from "./browser/graph.ts"
import { reader } from "./browser/reader.ts"
import { tools } from "./browser/tools.ts"
import { type Html, html } from "./html.ts"

// the functions as they are written here, or as the build made them
const script = `{
const tools = (${tools})(document);
(${curves})(document, tools);
(${graph})(document, tools);
(${reader})(document, window);
}`

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** Nothing is fetched and nothing sent; of scripts and styles only the page's own run, known by their digests. */
const policy = (): string =>
  [
    "default-src 'none'",
    "img-src data:",
    `style-src ${sha256(style)}`,
    `script-src ${sha256(script)}`,
    "base-uri 'none'",
    "form-action 'none'"
  ].join("; ")

/** A whole page in one file. */
export const page = (title: string, body: ReadonlyArray<Html | null>): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
${body}
</main>
<script>${{ html: script }}</script>
</body>
</html>
`.html
