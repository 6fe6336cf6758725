/** The whole of a report's look: system fonts, one column, colours that keep their contrast in light and dark. */
export const style = `
:root{color-scheme:light dark;--paper:#fbfaf8;--card:#fff;--ink:#1f2328;--soft:#5b6470;--line:#e4e1db;
--completed:#2f7d5b;--pending:#3f72b0;--failed:#b4453c;--rejected:#8a5a9e;--open:#c08a2b;--notStarted:#b9b6af;--calls:#6d7f96;--limit:#b4453c}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e8e6e1;--soft:#a3abb5;--line:#2d3338;
--completed:#5bb58c;--pending:#7aa7dd;--failed:#e0837a;--rejected:#bb92cc;--open:#dcb062;--notStarted:#5d6268;--calls:#8fa2ba;--limit:#e0837a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:60rem;margin:0 auto;padding:clamp(1.25rem,4vw,3.5rem) clamp(1rem,4vw,2rem)}
h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.4rem);line-height:1.2;font-weight:650;letter-spacing:-.02em;margin:0 0 .5rem;text-wrap:balance}
h2{font-size:1.05rem;font-weight:650;margin:0}
p{margin:0;color:var(--soft)}
.facts,.keys{overflow-wrap:anywhere}.first{color:var(--failed);font-weight:600;margin-bottom:.5rem}
.share{display:block;width:100%;height:18px;border-radius:9px;margin:1.75rem 0 .75rem;overflow:hidden}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0 0 2rem;padding:0;color:var(--soft)}
.legend b{color:var(--ink)}.legend svg{width:.75em;height:.75em;margin-right:.4em}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
figure,section{margin:0;padding:1.25rem;background:var(--card);border:1px solid var(--line);border-radius:12px;min-width:0}
.whole{grid-column:1/-1}
figcaption{margin-bottom:1rem}
.scale,.axis{display:flex;justify-content:space-between;gap:.5rem;font-size:.8rem;color:var(--soft)}
figure>svg{display:block;width:100%;height:9rem;border-bottom:1px solid var(--line);margin:.25rem 0}
.limit-word{color:var(--limit)}
line.limit{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:5 4}
rect.completed{fill:var(--completed)}rect.pending{fill:var(--pending)}rect.failed{fill:var(--failed)}rect.rejected{fill:var(--rejected)}
rect.closing{fill:var(--rejected);opacity:.18}.bands{list-style:none;margin:.5rem 0 0;padding:0 0 0 .75rem;border-left:.5rem solid color-mix(in srgb,var(--rejected) 25%,transparent);font-size:.85rem;color:var(--soft)}
rect.open{fill:var(--open)}rect.notStarted{fill:var(--notStarted)}rect.calls{fill:var(--calls)}
details{margin-top:.75rem;font-size:.85rem}summary{cursor:pointer;color:var(--soft)}
.wide{overflow-x:auto;max-height:20rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--soft)}th[scope=row]{text-align:left;white-space:nowrap}
.rows{font-size:.9rem}.rows th,.rows td{border:0;padding:.3rem .4rem}.rows th{padding-left:0}.rows .bar{width:70%}
.rows svg{display:block;width:100%;height:.8rem;border-radius:3px}
.failure{display:grid;grid-template-columns:auto 1fr;gap:.1rem 1rem;padding:.9rem 0;border-top:1px solid var(--line)}
.failure details{grid-column:2}
.failure b{font-size:1.25rem;min-width:2.5ch;text-align:right;grid-row:span 4}
.failure>*{min-width:0;overflow-wrap:anywhere}.failure>code{color:var(--failed);font-weight:600}.failure .remedy{color:var(--ink)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{margin-top:2rem;font-size:.85rem;color:var(--soft)}
@media print{figure,section{break-inside:avoid}details{display:none}}
`;
