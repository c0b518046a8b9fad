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
const shown = new Set(data.shown);
for (const svg of document.querySelectorAll('svg.distribution')) {
  const route = data.routes[svg.dataset.route];
  const axis = route.axis;
  const decades = Math.log(axis.toMs / axis.fromMs);
  const list = document.getElementById('traces-' + svg.dataset.route);
  const at = (value) => axis.left + Math.log(value / axis.fromMs) / decades * (axis.right - axis.left);
  const select = (mark, value, moved) => {
    const threshold = Math.min(axis.toMs, Math.max(axis.fromMs, value));
    mark.dataset.ms = threshold;
    mark.setAttribute('aria-valuenow', threshold.toPrecision(3));
    mark.setAttribute('transform', 'translate(' + at(threshold).toFixed(1) + ' 0)');
    let above = 0, all = 0, cold = 0; const ids = [];
    for (const [from, to, warm, colds, traces] of route.bins) {
      all += warm + colds;
      if (Math.sqrt(from * to) < threshold && to <= threshold) continue;
      above += warm + colds; cold += colds;
      for (const id of traces) ids.push(data.tracePrefix + id);
    }
    const percent = all === 0 ? 0 : (1 - above / all) * 100;
    if (moved) { mark.querySelector('text').textContent = 'p' + Number(percent.toFixed(1)); mark.setAttribute('aria-label', 'moved to p' + percent.toFixed(1) + ': ' + ms(threshold)); }
    list.replaceChildren();
    list.append('From ' + ms(threshold) + ' up: ' + above + ' requests, ' + cold + ' of them cold. ');
    for (const id of ids.slice(-14).reverse()) {
      const code = document.createElement('code');
      if (shown.has(id)) { const link = document.createElement('a'); link.href = '#trace-' + id; link.textContent = id; link.addEventListener('click', () => { document.getElementById('trace-' + id).open = true; }); code.append(link); }
      else code.textContent = id;
      list.append(code, ' ');
    }
  };
  for (const mark of svg.querySelectorAll('.mark')) {
    const start = Number(mark.dataset.ms);
    mark.addEventListener('focus', () => select(mark, Number(mark.dataset.ms), false));
    mark.addEventListener('keydown', (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      if (event.key === 'Home') { select(mark, start, false); mark.querySelector('text').textContent = mark.dataset.name; }
      else if (steps[event.key]) select(mark, Number(mark.dataset.ms) * 1.03 ** steps[event.key], true);
      else return;
      event.preventDefault();
    });
    mark.addEventListener('pointerdown', (event) => {
      mark.focus(); mark.setPointerCapture(event.pointerId);
      const move = (at) => {
        const box = svg.getBoundingClientRect();
        const x = (at.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
        select(mark, axis.fromMs * Math.exp((x - axis.left) / (axis.right - axis.left) * decades), true);
      };
      mark.addEventListener('pointermove', move);
      mark.addEventListener('pointerup', () => mark.removeEventListener('pointermove', move), { once: true });
    });
  }
  const marks = [...svg.querySelectorAll('.mark')];
  const first = marks.find((mark) => mark.dataset.name === 'p99') ?? marks[marks.length - 1];
  if (first) select(first, Number(first.dataset.ms), false);
}

/* over time */
const time = data.time;
const places = [...document.querySelectorAll('.plot')];
let plots = [];
const drawPlots = () => {
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
  const kinds = {
    latency: { series: [line('p50 ms', color.warm), line('p99 ms', color.error), ...(time.beforeP50 ? [line('p50 before', color.warm, { dash: [5, 4] }), line('p99 before', color.error, { dash: [5, 4] })] : [])],
      values: [time.p50, time.p99, ...(time.beforeP50 ? [time.beforeP50, time.beforeP99] : [])], scales: { y: { distr: 3, log: 10 } } },
    requests: { series: [line('arrivals', color.text, { dash: [4, 3] }), line('answers', color.warm), line('errors', color.error), line('cold', color.cold)], values: [time.arrivals, time.answers, time.errors, time.cold] },
    concurrency: { series: [line('invocations at once', color.warm), line('requests under way', color.text, { dash: [4, 3] }), line('throttled', color.waiting, { width: 3 })], values: [time.concurrency, time.inFlight, time.throttles] },
  };
  plots = places.map((place) => {
    const kind = kinds[place.dataset.plot];
    return new uPlot({ width: Math.max(280, place.clientWidth), height: 190, cursor: { sync: { key: 'time' } }, scales: Object.assign({ x: { time: false } }, kind.scales),
      axes: [Object.assign({ values: (_, all) => all.map((value) => value + ' s') }, axis), Object.assign({ size: 62 }, axis)],
      series: [{ label: 'second' }, ...kind.series], hooks: { draw: [ticks] } }, [time.x, ...kind.values], place);
  });
};
if (typeof uPlot === 'function' && time.x.length > 0) {
  drawPlots();
  let wait = 0;
  addEventListener('resize', () => { clearTimeout(wait); wait = setTimeout(drawPlots, 120); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawPlots);
}

/* a monthly volume, through the tiers */
const input = document.getElementById('monthly');
if (input) {
  const dollars = (usd) => '$' + (usd >= 100 ? Math.round(usd).toLocaleString('en-US') : usd.toFixed(2));
  const price = () => {
    const monthly = Number(input.value.replace(/[^0-9.e]/g, ''));
    const out = document.getElementById('monthly-usd');
    if (!(monthly > 0) || data.bill.requests === 0) { out.textContent = 'type a number of requests'; return; }
    let total = 0; const parts = [];
    const soFar = {};
    for (const line of data.bill.lines) {
      const before = soFar[line.name] ?? 0, after = before + line.quantity / data.bill.requests * monthly;
      const cost = (quantity) => { let sum = 0, below = 0; for (const [upTo, usd] of line.tiers) { const top = upTo === null ? quantity : Math.min(upTo, quantity); sum += (top - below) * usd; below = top; if (upTo === null || quantity <= upTo) break; } return sum; };
      const usd = cost(after) - cost(before);
      soFar[line.name] = after; total += usd; parts.push(line.label + ' ' + dollars(usd));
    }
    out.textContent = dollars(total) + ' a month: ' + parts.join(', ') + '.';
  };
  input.addEventListener('input', price);
  price();
}
})();
`
