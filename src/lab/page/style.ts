/** The page's style: light and dark by the reader's setting, A4 on paper, one meaning a colour everywhere. */
const LIGHT =
  '--ground:#fff;--text:#1b1e23;--faint:#5c6470;--line:#d9dde3;--panel:#f5f6f8;--warm:#0072b2;--cold:#e69f00;--waiting:#8d949d;--error:#d55e00;--downstream:#009e73;--money:#b0609a'
const DARK =
  '--ground:#14171b;--text:#e6e8eb;--faint:#9aa3ad;--line:#333940;--panel:#1d2126;--warm:#56b4e9;--cold:#f0b429;--waiting:#7b838c;--error:#ff8a4c;--downstream:#3fc79a;--money:#d79cc4'

export const PAGE_STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
:root.paper{color-scheme:light;${LIGHT}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2rem) 3rem;max-width:84rem;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.05rem;font-weight:600;margin:.5rem 0;color:var(--faint)}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-top:1px solid var(--line);padding-top:.9rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.4rem 0}
.verdict p{max-width:60rem}
.verdict p:first-child{font-size:1.35rem;line-height:1.35;margin:.4rem 0 .6rem}
a{color:var(--warm)}
.warning{border-left:3px solid var(--cold);padding:.2rem .7rem;background:var(--panel)}
.faint,caption,.tick,.side,.axis{color:var(--faint)}
.wide{overflow-x:auto;--shade:color-mix(in srgb,var(--text) 22%,transparent);background:linear-gradient(to right,var(--ground) 40%,transparent) 0 0/2.5rem 100% local no-repeat,linear-gradient(to left,var(--ground) 40%,transparent) 100% 0/2.5rem 100% local no-repeat,linear-gradient(to right,var(--shade),transparent) 0 0/.7rem 100% scroll no-repeat,linear-gradient(to left,var(--shade),transparent) 100% 0/.7rem 100% scroll no-repeat}
table{font-size:.95rem;border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;padding-bottom:.3rem;font-size:.88rem}caption span{display:block;position:sticky;left:0;max-width:calc(100vw - 1.5rem)}
th,td{padding:.28rem .45rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;font-weight:400}
thead th{vertical-align:bottom;white-space:normal;line-height:1.25}
th[scope=row],th[scope=col]:first-child{text-align:left;padding-left:0}
th[scope=row]{max-width:22rem;overflow:hidden;text-overflow:ellipsis}
th button{all:unset;cursor:pointer;color:var(--faint);font-size:.88rem}
th button:hover{color:var(--text)}
:is(th button,.mark,a,summary,input,.wide):focus-visible{outline:2px solid var(--warm);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
td.error,.broken{color:color-mix(in srgb,var(--error) 78%,var(--text));font-weight:600}td.cold,.cold-word{color:color-mix(in srgb,var(--cold) 60%,var(--text));font-style:normal}td.money{color:color-mix(in srgb,var(--money) 80%,var(--text))}
ul.budgets{list-style:none;padding:0;margin:.8rem 0;display:flex;flex-wrap:wrap;gap:.4rem .6rem}
ul.budgets li{border:1px solid var(--line);border-left:4px solid var(--downstream);border-radius:.2rem;padding:.15rem .6rem;background:var(--panel)}
ul.budgets li.broken{border-color:var(--error)}ul.budgets li.undecided{border-left-color:var(--waiting);border-style:dashed}
code{font-size:.92em}
i{display:block;font-style:normal;print-color-adjust:exact;-webkit-print-color-adjust:exact}
i.warm,i.lane-invoke{background:var(--warm)}i.error{background:var(--error)}i.downstream{background:var(--downstream)}
i.cold,i.lane-init{background:repeating-linear-gradient(45deg,var(--cold) 0 3px,color-mix(in srgb,var(--cold) 62%,var(--ground)) 3px 5px)}
i.waiting{background:repeating-linear-gradient(-45deg,var(--waiting) 0 3px,color-mix(in srgb,var(--waiting) 55%,var(--ground)) 3px 5px)}
i.lane-start{background:color-mix(in srgb,var(--cold) 55%,var(--ground))}i.lane-frozen{background:linear-gradient(transparent 40%,var(--waiting) 40% 60%,transparent 60%)}i.lane-gone{background:var(--line)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.88rem;color:var(--faint);margin:.3rem 0}
.legend i{display:inline-block;width:14px;height:11px;vertical-align:-1px;margin-right:.35rem}
.distribution{padding:3.4rem 1.1rem 1.6rem 2.6rem}
.area{position:relative;height:9rem;border-bottom:1px solid var(--faint)}
.area>*{position:absolute}.area>i{min-width:1px;min-height:1px;border-right:1px solid var(--ground)}
.area>svg{inset:0;width:100%;height:100%}
.tick{top:0;bottom:-1.4rem;border-left:1px solid var(--line);font-size:.8rem;white-space:nowrap;display:flex;align-items:end}
.tick{width:0;justify-content:center}
.side{right:calc(100% + .4rem);transform:translateY(50%);font-size:.8rem}
.before{fill:none;stroke:var(--text);stroke-width:1.3;stroke-dasharray:4 3;vector-effect:non-scaling-stroke}
.mark{top:-1.6rem;bottom:0;width:1.1rem;margin-left:-.55rem;cursor:ew-resize;touch-action:none;background:linear-gradient(var(--text),var(--text)) 50% 0/1px 100% no-repeat}
.mark b{position:absolute;bottom:100%;left:50%;transform:translateX(-50%);font-size:.8rem;line-height:1.1;white-space:nowrap;background:var(--ground);padding:0 .15rem}
.mark.level-1{top:-2.5rem}.mark.level-2{top:-.7rem}.mark.level-3{top:.2rem}
.traces{font-size:.88rem;min-height:1.5rem}.traces :is(a,code){margin-right:.3rem;white-space:nowrap;display:inline-block}
.tail{display:grid;grid-template-columns:max-content max-content 1fr;gap:.1rem .8rem;max-width:34rem;font-variant-numeric:tabular-nums}
.tail span:nth-child(3n+2){text-align:right}
.tail i{height:.7em;align-self:center}
.plot{margin:.4rem 0;overflow:hidden}.u-legend{color:var(--text);font-size:.85rem;text-align:left!important;padding-left:3.4rem}.u-legend th,.u-legend td{border:0;padding:.1rem .25rem}.u-legend .u-series>*{padding:.1rem .25rem}.u-legend th{font-weight:400}
.axis{position:relative;height:1.3rem;font-size:.8rem;border-top:1px solid var(--line)}.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}.axis span:first-child{transform:none}
.over-time{padding-right:1.2rem}.lane-name{margin:.6rem 0 .15rem;font-size:.88rem}
svg{display:block;width:100%}svg.patterns{position:absolute;width:0;height:0}
.cold-ground{fill:var(--cold)}.hatch-line{fill:var(--ground);opacity:.45}
.lane-start{fill:color-mix(in srgb,var(--cold) 55%,var(--ground))}.lane-init{fill:url(#hatch-cold)}.lane-invoke{fill:var(--warm)}.lane-frozen{fill:var(--waiting)}.lane-gone{fill:var(--line)}
.row{display:grid;grid-template-columns:minmax(0,16rem) 10rem minmax(0,1fr);gap:0 .8rem;font-size:.88rem;line-height:1.45;font-variant-numeric:tabular-nums}
.row>span:nth-child(2){text-align:right;color:var(--faint)}
.track{position:relative}.track i{position:absolute;top:.3em;height:.8em;min-width:2px}
.waterfall{margin:.4rem 0 .8rem;padding-right:1.4rem}
details{margin:.3rem 0;border-bottom:1px solid var(--line);padding-bottom:.3rem}
summary{cursor:pointer;display:flex;flex-wrap:wrap;gap:0 .8rem;align-items:baseline}
summary::before{content:"\\25b8";color:var(--faint);width:.8rem}details[open]>summary::before{content:"\\25be"}
summary span{min-width:0;overflow-wrap:anywhere}summary b{min-width:4.6rem;text-align:right;font-weight:600;font-variant-numeric:tabular-nums}summary code{margin-left:auto;color:var(--faint);font-size:.82rem}
.bar{display:block;height:.75em;background:var(--money);min-width:1px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
td.bar-cell{width:40%;text-align:left}
.monthly{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:baseline}
input{font:inherit;padding:.2rem .4rem;width:9rem;background:var(--panel);color:inherit;border:1px solid var(--faint);border-radius:.25rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem}dt{color:var(--faint)}dd{margin:0}
@media (max-width:44rem){
.verdict p:first-child{font-size:1.15rem}
th[scope=row],th[scope=col]:first-child{position:sticky;left:0;background:var(--ground);max-width:9rem;min-width:7rem;white-space:normal;overflow-wrap:anywhere}
.tick.minor{font-size:0}.distribution{padding-left:2rem}
.row{grid-template-columns:minmax(0,1fr) max-content}.row>.track,.row>.axis{grid-column:1/-1;min-height:1.3em}.row>span:empty{display:none}
summary b{min-width:0}summary span{flex-basis:calc(100% - 1.6rem);margin-left:1.6rem}summary code{margin-left:1.6rem}td.bar-cell{min-width:6rem}.u-legend{padding-left:0}
dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{:root{color-scheme:light;${LIGHT};--text:#000}@page{size:A4;margin:13mm}body{max-width:none;padding:0;font-size:9.5pt}.no-print{display:none}
h2,h3,caption,.legend,summary,p.faint,.lane-name{break-after:avoid}tr,.distribution,.plot,.row,.tail,svg,li,dl{break-inside:avoid}
.wide{overflow:visible;background:none}table{font-size:7.2pt}th,td{white-space:normal;padding:.13rem .2rem}thead th{overflow-wrap:anywhere}th[scope=row]{max-width:none;overflow:visible;overflow-wrap:anywhere;min-width:5rem}th button{font-size:inherit;color:#444}
.traces a{color:inherit;text-decoration:none}}
`
