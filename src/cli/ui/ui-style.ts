/** The look of the operator's page: system fonts, light and dark, from 390 px up. Built on the look of the batch report. */
import { style as reportStyle } from '../../operator/report/style.ts';

export const style = `${reportStyle}
main{max-width:76rem;padding-block:1.5rem 4rem}
main:focus{outline:none}
main>section,main>div>section{margin-top:1rem}
a{color:inherit}
.skip{position:absolute;left:-100rem}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:1}
.bar{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;padding:.75rem clamp(1rem,4vw,2rem);border-bottom:1px solid var(--line);background:var(--card)}
.bar .name{font-weight:650}.bar nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem}.bar a{padding:.25rem 0}.bar a[aria-current]{font-weight:650}
.cards{align-items:stretch}
.big{font-size:1.5rem;font-weight:650;color:var(--ink)}
.good{color:var(--completed)}.bad{color:var(--failed)}
table{font-size:.9rem}th,td{text-align:left;vertical-align:top}td{overflow-wrap:anywhere}
.wide{max-height:none}
.note{padding:.75rem 0}.error{padding:.75rem 1rem;border:1px solid var(--failed);border-radius:8px;color:var(--failed)}
form{margin:.75rem 0;display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:end}
form.rows{display:block}
label{display:grid;gap:.2rem;font-size:.85rem;color:var(--soft)}
label.line{display:flex;gap:.5rem;align-items:center}
input,select,button,.button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--soft);border-radius:8px;padding:.4rem .7rem;min-height:2.5rem;max-width:100%}
input[type=checkbox]{min-height:0;width:1.15rem;height:1.15rem}
button,.button{cursor:pointer;text-decoration:none;display:inline-block}button.main{background:var(--ink);color:var(--paper)}
:focus-visible{outline:3px solid var(--pending);outline-offset:2px}
.actions{display:flex;flex-wrap:wrap;gap:.5rem;margin:.75rem 0}
.result{border-top:1px solid var(--line);padding-top:.75rem;margin-top:.75rem;min-height:1px}
ol.story{list-style:none;margin:0;padding:0 0 0 1rem;border-left:2px solid var(--line)}
ol.story li{padding:.3rem 0 .3rem .75rem;overflow-wrap:anywhere}
ol.story b{display:inline-block;min-width:6rem;font-weight:600}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
`;
