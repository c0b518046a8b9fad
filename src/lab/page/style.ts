/** The page's style: light and dark by the reader's setting, A4 on paper, one meaning a colour everywhere. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ground:#fff;--text:#1b1e23;--faint:#5c6470;--line:#d9dde3;--panel:#f5f6f8;--warm:#0072b2;--cold:#e69f00;--waiting:#9aa0a8;--error:#d55e00;--downstream:#009e73;--money:#b0609a}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--text:#e6e8eb;--faint:#9aa3ad;--line:#333940;--panel:#1d2126;--warm:#56b4e9;--cold:#f0b429;--waiting:#7b838c;--error:#ff8a4c;--downstream:#3fc79a;--money:#d79cc4}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2rem) 3rem;max-width:76rem;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.05rem;font-weight:600;margin:.5rem 0;color:var(--faint)}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem;border-top:1px solid var(--line);padding-top:.9rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.4rem 0}
.verdict p:first-child{font-size:1.35rem;line-height:1.35;margin:.4rem 0 .6rem}
a{color:var(--warm)}
.warning{border-left:3px solid var(--cold);padding:.2rem .7rem;background:var(--panel)}
.faint,caption,.tick{color:var(--faint)}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;padding-bottom:.3rem;font-size:.85rem}
th,td{padding:.28rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;font-weight:400}
th[scope=row],th[scope=col]:first-child{text-align:left}
th[scope=row]{max-width:26rem;overflow:hidden;text-overflow:ellipsis}
th button{all:unset;cursor:pointer;color:var(--faint);font-size:.88rem}
th button:focus-visible,.mark:focus-visible,a:focus-visible,summary:focus-visible,input:focus-visible{outline:2px solid var(--warm);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \\2191"}th[aria-sort=descending] button::after{content:" \\2193"}
td.error,.broken{color:var(--error);font-weight:600}td.cold{color:color-mix(in srgb,var(--cold) 70%,var(--text))}td.money{color:var(--money)}
ul.budgets{list-style:none;padding:0;margin:.6rem 0;display:flex;flex-wrap:wrap;gap:.4rem .6rem}
ul.budgets li{border:1px solid var(--line);border-radius:.3rem;padding:.15rem .6rem;background:var(--panel)}
ul.budgets li.broken{border-color:var(--error)}ul.budgets li.undecided{border-style:dashed}
svg{display:block;width:100%;height:auto;font:12px system-ui,sans-serif;fill:var(--text)}
svg.patterns{position:absolute;width:0;height:0}
.scroll{overflow-x:auto}.scroll svg{min-width:40rem}
.warm{fill:var(--warm)}.cold{fill:url(#hatch-cold)}.waiting{fill:url(#hatch-waiting)}.error{fill:var(--error)}.downstream{fill:var(--downstream)}.money-bar{fill:var(--money)}
.cold-ground{fill:var(--cold)}.waiting-ground{fill:var(--waiting)}.hatch-line{fill:var(--ground);opacity:.45}
.before{fill:none;stroke:var(--text);stroke-width:1.2;stroke-dasharray:4 3}
.grid{stroke:var(--line)}.tick{fill:var(--faint);text-anchor:middle}.tick.side{text-anchor:end}
.mark line{stroke:var(--text);stroke-dasharray:3 3}.mark path{fill:var(--text)}.mark .grip{fill:transparent}.mark text{text-anchor:middle;font-weight:600}.mark{cursor:ew-resize;touch-action:none}
.lane-start{fill:color-mix(in srgb,var(--cold) 55%,var(--ground))}.lane-init{fill:url(#hatch-cold)}.lane-invoke{fill:var(--warm)}.lane-frozen{fill:var(--waiting)}.lane-gone{fill:var(--line)}
.span-name,.span-figure,.lane-name{font-size:11.5px}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.88rem;color:var(--faint);margin:.3rem 0}
.legend svg{display:inline-block;width:14px;height:11px;vertical-align:-1px;margin-right:.35rem}
.traces{font-size:.88rem;min-height:1.5rem}.traces code{margin-right:.6rem;white-space:nowrap}
.tail{display:grid;grid-template-columns:max-content max-content 1fr;gap:.1rem .8rem;max-width:34rem;font-variant-numeric:tabular-nums}
.tail i{display:block;height:.7em;align-self:center;background:var(--warm)}
.tail i.cold{background:repeating-linear-gradient(45deg,var(--cold) 0 3px,color-mix(in srgb,var(--cold) 60%,var(--ground)) 3px 5px)}
.tail i.waiting{background:repeating-linear-gradient(-45deg,var(--waiting) 0 3px,color-mix(in srgb,var(--waiting) 60%,var(--ground)) 3px 5px)}
.tail i.downstream{background:var(--downstream)}
.plot{margin:.4rem 0}.u-legend{color:var(--text);font-size:.85rem}
details{margin:.5rem 0;border-bottom:1px solid var(--line);padding-bottom:.4rem}summary{cursor:pointer}
.bar{display:inline-block;height:.75em;background:var(--money);min-width:1px}
td.bar-cell{width:40%;text-align:left}
input{font:inherit;padding:.2rem .4rem;width:11rem;background:var(--panel);color:inherit;border:1px solid var(--line);border-radius:.25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dt{color:var(--faint)}dd{margin:0}
@media (max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
@media print{:root{--ground:#fff;--text:#000;--faint:#444;--line:#bbb;--panel:#fff;--warm:#0072b2;--cold:#e69f00;--waiting:#9aa0a8;--error:#d55e00;--downstream:#009e73;--money:#b0609a}@page{size:A4;margin:14mm}body{max-width:none;padding:0;font-size:10.5pt}section{break-inside:auto}svg,table,.plot{break-inside:avoid}.scroll svg{min-width:0}th button{color:#444}.no-print{display:none}}
`
