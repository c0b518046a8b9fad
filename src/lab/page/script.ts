/**
 * What the page does in a browser: sorts tables, moves percentile marks and lists their traces, draws the plots over
 * time with uPlot, and prices a monthly volume. Plain JavaScript as text; it reads the page's own data and no network.
 */
export const PAGE_SCRIPT = String.raw`
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const ms = (value) => value === null || value === undefined ? '' : value >= 10000 ? (value / 1000).toPrecision(3) + ' s' : Number(value.toPrecision(3)) + ' ms';

/* tables */
for (const table of document.querySelectorAll('table.sortable')) {
  const titles = [...table.querySelectorAll('thead th')];
  titles.forEach((title, column) => title.querySelector('button').addEventListener('click', () => {
    const down = title.getAttribute('aria-sort') !== 'descending';
    titles.forEach((other) => other.removeAttribute('aria-sort'));
    title.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const key = (row) => { const cell = row.cells[column]; const value = cell.dataset.value ?? cell.textContent; return value === '' ? NaN : Number(value); };
    const text = (row) => row.cells[column].textContent;
    const compare = (a, b) => { const x = key(a), y = key(b);
      if (Number.isNaN(x) && Number.isNaN(y)) return text(a).localeCompare(text(b));
      if (Number.isNaN(x)) return down ? 1 : -1;
      if (Number.isNaN(y)) return down ? -1 : 1;
      return x - y; };
    const body = table.tBodies[0];
    [...body.rows].sort((a, b) => (down ? -1 : 1) * compare(a, b)).forEach((row) => body.append(row));
  }));
}

/* percentile marks */
const shown = new Map(data.shown);
for (const plot of document.querySelectorAll('.distribution')) {
  const area = plot.querySelector('.area');
  const route = data.routes[plot.dataset.route];
  const axis = route.axis;
  const decades = Math.log(axis.toMs / axis.fromMs);
  const list = document.getElementById('traces-' + plot.dataset.route);
  const select = (mark, value, moved) => {
    const threshold = Math.min(axis.toMs, Math.max(axis.fromMs, value));
    mark.dataset.ms = threshold;
    mark.setAttribute('aria-valuenow', threshold.toPrecision(3));
    mark.style.left = (Math.log(threshold / axis.fromMs) / decades * 100).toFixed(2) + '%';
    let above = 0, all = 0, cold = 0; const ids = [];
    for (const [from, to, warm, colds, traces] of route.bins) {
      all += warm + colds;
      if (Math.sqrt(from * to) < threshold && to <= threshold) continue;
      above += warm + colds; cold += colds;
      for (const id of traces) ids.push(data.tracePrefix + id);
    }
    const percent = all === 0 ? 0 : (1 - above / all) * 100;
    if (moved) { mark.querySelector('b').textContent = 'p' + Number(percent.toFixed(1)); mark.setAttribute('aria-label', 'moved to p' + percent.toFixed(1) + ': ' + ms(threshold)); }
    list.replaceChildren();
    list.append('From ' + ms(threshold) + ' up: ' + above + ' requests, ' + cold + ' of them cold. ');
    /* those that are drawn below by their latency; the others by their id, to paste */
    const drawn = ids.filter((id) => shown.has(id)).slice(-12).reverse();
    for (const id of drawn) {
      const link = document.createElement('a'); link.href = '#trace-' + id; link.textContent = ms(shown.get(id)); link.title = id;
      link.addEventListener('click', () => { document.getElementById('trace-' + id).open = true; });
      list.append(link, ' ');
    }
    for (const id of ids.filter((id) => !shown.has(id)).slice(-3).reverse()) { const code = document.createElement('code'); code.textContent = id; list.append(code, ' '); }
  };
  for (const mark of area.querySelectorAll('.mark')) {
    const start = Number(mark.dataset.ms);
    mark.addEventListener('focus', () => select(mark, Number(mark.dataset.ms), false));
    mark.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      if (event.key === 'Home') { select(mark, start, false); mark.querySelector('b').textContent = mark.dataset.name; }
      else if (steps[event.key]) select(mark, Number(mark.dataset.ms) * 1.03 ** steps[event.key], true);
      else return;
      event.preventDefault();
    });
    mark.addEventListener('pointerdown', (event) => {
      mark.focus(); mark.setPointerCapture(event.pointerId);
      const move = (at) => {
        const box = area.getBoundingClientRect();
        select(mark, axis.fromMs * Math.exp((at.clientX - box.left) / box.width * decades), true);
      };
      mark.addEventListener('pointermove', move);
      mark.addEventListener('pointerup', () => mark.removeEventListener('pointermove', move), { once: true });
    });
  }
  const marks = [...area.querySelectorAll('.mark')];
  const first = marks.find((mark) => mark.dataset.name === 'p99') ?? marks[marks.length - 1];
  if (first) select(first, Number(first.dataset.ms), false);
}

/* a link to a request opens it, also when the page is opened at one */
const openTarget = () => { const target = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (target && target.tagName === 'DETAILS') target.open = true; };
addEventListener('hashchange', openTarget);
openTarget();

/* tables that scroll can be scrolled with the keyboard */
const reach = () => { for (const wide of document.querySelectorAll('.wide')) if (wide.scrollWidth > wide.clientWidth) { wide.tabIndex = 0; wide.setAttribute('role', 'region'); wide.setAttribute('aria-label', wide.closest('section').querySelector('h2').textContent + ', table'); } else wide.removeAttribute('tabindex'); };
reach();
addEventListener('resize', reach);

/* over time */
const time = data.time;
const places = [...document.querySelectorAll('.plot')];
let plots = [];
/* what a printed A4 page is wide, in CSS px */
const PAPER = 690;
const drawPlots = (width) => {
  for (const plot of plots) plot.destroy();
  const color = { text: css('--faint'), line: css('--line'), warm: css('--warm'), cold: css('--cold'), waiting: css('--waiting'), error: css('--error'), downstream: css('--downstream') };
  const axis = { stroke: color.text, grid: { stroke: color.line, width: 1 }, ticks: { stroke: color.line } };
  const line = (label, stroke, more) => Object.assign({ label, stroke, width: 1.6, points: { show: false } }, more);
  const ticks = (plot) => {
    const { ctx, bbox } = plot;
    ctx.save(); ctx.strokeStyle = color.cold; ctx.lineWidth = 1.5; ctx.beginPath();
    time.x.forEach((x, i) => { if (time.cold[i] > 0) { const at = plot.valToPos(x, 'x', true); ctx.moveTo(at, bbox.top + bbox.height); ctx.lineTo(at, bbox.top + bbox.height - 9 * devicePixelRatio); } });
    ctx.stroke(); ctx.restore();
  };
  const decades = (plot, axis, from, to) => {
    const all = [];
    for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) for (const multiple of to / from > 200 ? [1] : [1, 2, 5]) { const value = Number((multiple * 10 ** power).toPrecision(3)); if (value >= from && value <= to) all.push(value); }
    return all;
  };
  const kinds = {
    latency: { series: [line('p50 ms', color.warm), line('p99 ms', color.text), ...(time.beforeP50 ? [line('p50 before', color.warm, { dash: [5, 4] }), line('p99 before', color.text, { dash: [5, 4] })] : [])],
      values: [time.p50, time.p99, ...(time.beforeP50 ? [time.beforeP50, time.beforeP99] : [])], scales: { y: { distr: 3, log: 10 } }, splits: decades },
    requests: { series: [line('arrivals', color.text, { dash: [4, 3] }), line('answers', color.warm), line('errors', color.error), line('cold', color.cold)], values: [time.arrivals, time.answers, time.errors, time.cold] },
    concurrency: { series: [line('invocations at once', color.warm), line('requests under way', color.text, { dash: [4, 3] }), line('throttled', color.waiting, { width: 3 })], values: [time.concurrency, time.inFlight, time.throttles] },
    backlog: { series: [line('backlog', color.waiting, { width: 2.4 }), line('done with', color.downstream), ...(time.beforeBacklog ? [line('backlog before', color.waiting, { dash: [5, 4] })] : [])],
      values: [time.backlog, time.completions, ...(time.beforeBacklog ? [time.beforeBacklog] : [])] },
  };
  plots = places.map((place) => {
    const kind = kinds[place.dataset.plot];
    return new uPlot({ width: width ?? Math.max(260, place.clientWidth), height: 190, cursor: { sync: { key: 'time' } }, scales: Object.assign({ x: { time: false } }, kind.scales),
      axes: [Object.assign({ values: (_, all) => all.map((value) => value + ' s') }, axis), Object.assign({ size: 56, ...(kind.splits ? { splits: kind.splits, filter: (_, all) => all } : {}), values: (_, all) => all.map((value) => value === null ? '' : value.toLocaleString('en-US')) }, axis)],
      series: [{ label: 'second' }, ...kind.series], hooks: { draw: [ticks] } }, [time.x, ...kind.values], place);
  });
};
if (typeof uPlot === 'function' && time.x.length > 0) {
  drawPlots();
  let wait = 0;
  addEventListener('resize', () => { clearTimeout(wait); wait = setTimeout(() => drawPlots(), 120); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawPlots());
  addEventListener('beforeprint', () => { document.documentElement.classList.add('paper'); drawPlots(PAPER); });
  addEventListener('afterprint', () => { document.documentElement.classList.remove('paper'); drawPlots(); });
}

/* a monthly volume, through the tiers */
const input = document.getElementById('monthly');
if (input) {
  const dollars = (usd) => '$' + (usd >= 100 ? Math.round(usd).toLocaleString('en-US') : usd.toFixed(2));
  const price = () => {
    const monthly = Number(input.value.replace(/[^0-9.e]/g, ''));
    const out = document.getElementById('monthly-usd');
    if (!(monthly > 0) || data.bill.requests === 0) { out.textContent = 'type a number of requests'; return; }
    let total = 0; const parts = new Map();
    const soFar = {};
    for (const line of data.bill.lines) {
      const before = soFar[line.name] ?? 0, after = before + line.quantity / data.bill.requests * monthly;
      const cost = (quantity) => { let sum = 0, below = 0; for (const [upTo, usd] of line.tiers) { const top = upTo === null ? quantity : Math.min(upTo, quantity); sum += (top - below) * usd; below = top; if (upTo === null || quantity <= upTo) break; } return sum; };
      const usd = cost(after) - cost(before);
      soFar[line.name] = after; total += usd; parts.set(line.label, (parts.get(line.label) ?? 0) + usd);
    }
    out.textContent = dollars(total) + ' a month: ' + [...parts].sort((a, b) => b[1] - a[1]).map(([label, usd]) => label + ' ' + dollars(usd)).join(', ') + '.';
  };
  input.addEventListener('input', price);
  price();
}
})();
`
