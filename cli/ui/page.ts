import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { style } from "../../kinds/page-style.ts"
import { html } from "../report/html.ts"

// What the browser is given before it asks for anything: one document for all addresses of the page, and its files.

export const index = (project: string): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${project}</title>
<link rel="stylesheet" href="/style.css">
<link rel="stylesheet" href="/app.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="app"><noscript>This page needs JavaScript. Reports don't: pipeline report RUN.</noscript></div>
<script type="module" src="/main.js"></script>
</body>
</html>
`.html

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  txt: "text/plain; charset=utf-8"
}

/** A file of the page; null where there is none of that name. */
export const fileOf = (files: ReadonlyMap<string, Uint8Array>, name: string) => {
  if (name === "style.css") return HttpServerResponse.text(style, { contentType: TYPES.css ?? "" })
  const bytes = files.get(name)
  const ending = name.replace(/^.*\./, "")
  return bytes === undefined
    ? null
    : HttpServerResponse.uint8Array(bytes, { contentType: TYPES[ending] ?? "application/octet-stream" })
}
