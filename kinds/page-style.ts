/** Lines' colours on white: told apart with any colour vision (after Okabe and Ito, the pale ones darkened). */
export const lightColours = [
  "#0072b2",
  "#d55e00",
  "#00845f",
  "#b0508b",
  "#9a7400",
  "#4a9ed6",
  "#7c4a2d",
  "#3d4650"
] as const

/** The style of pages that people open: one column of cards, light and dark by the reader's choice, and for paper. */
export const style = `
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1b232c;--text:#37424e;--muted:#5d6975;--line:#dfe4ea;--grid:#e9edf1;--accent:#0b62a8;--soft:#e8f1f9;--good:#1c7a4a;--goodsoft:#e7f4ec;--warn:#8f5000;--warnsoft:#fdf1df;--bad:#b3261e;--badsoft:#fcebea;${lightColours.map((colour, at) => `--l${at}:${colour}`).join(";")}}
@media screen and (prefers-color-scheme:dark){:root{--paper:#12161b;--card:#1a2027;--ink:#eef2f6;--text:#c9d2db;--muted:#98a5b2;--line:#2f3943;--grid:#2a333c;--accent:#79bdf2;--soft:#1c3042;--good:#6fcf97;--goodsoft:#173226;--warn:#f2b661;--warnsoft:#38290f;--bad:#ff8a80;--badsoft:#3d1c1a;--l0:#56b4e9;--l1:#ff8f45;--l2:#3ccb9e;--l3:#e08fc1;--l4:#e6c235;--l5:#9ad2f5;--l6:#c99673;--l7:#c3ccd5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",Verdana,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px 56px}
h1,h2,h3{color:var(--ink);line-height:1.25;margin:0;font-weight:650;overflow-wrap:anywhere}
h1{font-size:27px;letter-spacing:-.01em}h2{font-size:17px}h3{font-size:14px}
p{margin:6px 0}a{color:var(--accent)}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
header{margin-bottom:20px}
header .top{display:flex;flex-wrap:wrap;align-items:center;gap:10px 14px}
.lead{color:var(--muted);margin:6px 0 0;max-width:75ch}
.facts{color:var(--muted);font-size:13.5px;margin:4px 0 0;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin-top:16px}
section>h2{margin-bottom:12px}
.note{color:var(--muted);font-size:13px;font-weight:400;white-space:normal}
.badge{display:inline-block;border-radius:12px;padding:2px 11px;font-size:13px;font-weight:600;background:var(--soft);color:var(--accent);overflow-wrap:anywhere}
.badge.done{background:var(--goodsoft);color:var(--good)}.badge.failed{background:var(--badsoft);color:var(--bad)}.badge.interrupted,.badge.warn{background:var(--warnsoft);color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:10px;margin:0}
.tiles div{border:1px solid var(--line);border-radius:9px;padding:10px 13px;min-width:0}
.tiles dt{color:var(--muted);font-size:12.5px;overflow-wrap:anywhere}.tiles dd{margin:1px 0 0;color:var(--ink);font-size:19px;font-weight:620;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tiles .main dd{font-size:26px}
.fit,.notice{border-left:4px solid var(--good);background:var(--goodsoft);border-radius:0 9px 9px 0;padding:11px 15px;margin-top:14px;color:var(--ink)}
.fit.test,.notice{border-color:var(--warn);background:var(--warnsoft)}
.fit p{margin:2px 0 0;color:var(--text);font-size:14px}
.notice p{margin:0}.notice p+p{margin-top:6px}
.failure{border-left:4px solid var(--bad);background:var(--badsoft);border-radius:0 9px 9px 0;padding:12px 16px;margin-top:12px}
.failure:first-of-type{margin-top:0}
.failure dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 14px;margin:8px 0 0}
.failure dt{color:var(--muted);font-size:13.5px}.failure dd{margin:0;color:var(--ink);min-width:0;overflow-wrap:anywhere}
.command{display:flex;gap:10px;align-items:flex-start;background:var(--paper);border:1px solid var(--line);border-radius:9px;padding:10px 12px}
.command pre{flex:1;min-width:0}
button{font:inherit;color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:3px 10px;cursor:pointer}
button:hover{border-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.keys{display:flex;flex-wrap:wrap;gap:7px;margin:0 0 12px}.keys button{font-size:13.5px}
.key{display:inline-flex;align-items:center;gap:8px;font-size:13.5px;max-width:100%;text-align:left;overflow-wrap:anywhere}
.key svg{flex:none}.key[aria-pressed=false]{opacity:.55;text-decoration:line-through}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:18px}
.panel{position:relative;min-width:0}.panel h3{margin-bottom:4px}
.chart{display:block;width:100%;height:auto;touch-action:pan-y;border-radius:6px}
.chart text{font-size:11px;fill:var(--muted)}
.grid{stroke:var(--grid)}.axis{stroke:var(--line)}.best,.guide{stroke:var(--muted);stroke-dasharray:3 3}.guide{stroke-dasharray:none;opacity:.6}
.line path{fill:none;stroke:var(--c);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.line circle,.dot{fill:var(--c)}.dot{stroke:var(--card);stroke-width:1.5}
.many .training path{stroke-width:1.2;opacity:.65}
.off{display:none}
.chart.wide{min-width:560px}.bar{fill:var(--accent)}.chart.bars{max-width:620px}
.tuned .line path{stroke-width:1.3;opacity:.55}.tuned .chosen path{stroke-width:3.2;opacity:1}.tuned .front path{stroke:var(--muted);stroke-dasharray:4 3;opacity:1}
.c0{--c:var(--l0)}.c1{--c:var(--l1)}.c2{--c:var(--l2)}.c3{--c:var(--l3)}.c4{--c:var(--l4)}.c5{--c:var(--l5)}.c6{--c:var(--l6)}.c7{--c:var(--l7)}
.d1 path{stroke-dasharray:7 4}.d2 path{stroke-dasharray:2 4}.d3 path{stroke-dasharray:9 3 2 3}
.tip{position:absolute;z-index:3;pointer-events:none;background:var(--ink);color:var(--card);border-radius:8px;padding:7px 11px;font-size:12.5px;line-height:1.45;max-width:min(320px,90%);overflow-wrap:anywhere;font-variant-numeric:tabular-nums;box-shadow:0 3px 14px #0004}
.tip b{display:block}.tip span{display:block}
.tip i{display:inline-block;width:9px;height:9px;border-radius:50%;background:var(--c);margin-right:6px}
.scroll{overflow-x:auto;max-width:100%;position:relative}
.stage{position:relative}
.graph{display:block;max-width:100%;height:auto}.graph.wide{min-width:900px}
.graph text{font-size:12px;fill:var(--ink)}.graph .name{font-weight:600}.graph .rest{font-size:11px;fill:var(--text)}.graph .status{font-size:11px;fill:var(--muted)}
.edge{fill:none;stroke:var(--muted);stroke-opacity:.55;stroke-width:1.4}
.node{--c:var(--muted);cursor:default;outline:none}.node rect{fill:var(--card);stroke:var(--line)}.node .mark{fill:var(--c)}
.node:hover rect,.node:focus-visible rect{stroke:var(--accent);stroke-width:2}
.node.ran{--c:var(--accent)}.node.ran .status{fill:var(--accent)}.node.reused{--c:var(--good)}.node.reused .status{fill:var(--good)}.node.failed{--c:var(--bad)}.node.failed rect{fill:var(--badsoft);stroke:var(--bad)}.node.failed .status{fill:var(--bad);font-weight:600}
.node.streamed rect,.node.skipped rect,.node.unasked rect{stroke-dasharray:4 3;stroke:var(--muted);stroke-opacity:.6}.node.skipped,.node.unasked{--c:transparent}.node.skipped .name,.node.skipped .rest,.node.unasked .name,.node.unasked .rest{fill:var(--muted)}.node.streamed{--c:transparent}
.node.source rect{fill:var(--paper)}.node.source text{transform:translateX(8px)}
details{margin-top:12px}p,summary,figcaption{overflow-wrap:anywhere}summary{cursor:pointer;color:var(--muted);font-size:13.5px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--ink);font-weight:600;padding-bottom:6px}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--muted);font-weight:550;font-size:12.5px}td{overflow-wrap:break-word}td.value,td.value+td{min-width:11ch;overflow-wrap:anywhere}td.name{min-width:16ch}.number{text-align:right;white-space:nowrap}
tr.differs td:first-child{box-shadow:inset 3px 0 var(--accent);padding-left:10px}tr:not(.differs) td.name{padding-left:10px}th.name{padding-left:10px}
td.name{color:var(--ink);font-weight:550}tr.differs .value{color:var(--ink);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:14px}
figure{margin:0;min-width:0}figure>img{display:block;max-width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:9px}
figcaption{font-size:13px;color:var(--muted);margin-top:5px}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:12px;padding:0;margin:12px 0 0;list-style:none}
.gallery li{border:1px solid var(--line);border-radius:9px;padding:9px;min-width:0}
.gallery img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;border-radius:5px;background:var(--paper)}
.gallery p{margin:6px 0 0;font-size:12.5px;line-height:1.4;overflow-wrap:anywhere}.gallery strong{color:var(--ink)}
footer{color:var(--muted);font-size:12.5px;margin-top:22px}
@media (max-width:600px){main{padding:18px 12px 40px}section{padding:15px 14px;border-radius:10px}h1{font-size:22px}.chart text{font-size:14px}.graph,.graph.wide{min-width:0;max-width:none}.gallery{grid-template-columns:repeat(auto-fill,minmax(104px,1fr))}.tiles{grid-template-columns:repeat(auto-fill,minmax(120px,1fr))}.command{flex-direction:column}.failure dl{grid-template-columns:1fr;gap:0}.failure dt{margin-top:6px}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff}body{font-size:11pt}main{max-width:none;padding:0}section{border:0;border-top:1px solid #bbb;border-radius:0;padding:12px 0;break-inside:auto}figure,.panel,.gallery li,tr,.failure,.fit,.notice{break-inside:avoid}h2{break-after:avoid}button.action,.tip{display:none}.scroll{overflow:visible}.graph,.graph.wide{min-width:0;max-width:100%}.key{border:0;padding:0}}
@media (prefers-reduced-motion:no-preference){.line path{transition:opacity .15s}}
`.trim()
