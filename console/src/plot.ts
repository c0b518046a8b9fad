// The last minute as dots on a logarithmic axis, cold above warm; drawn again for light and dark and for every width.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { WINDOW_MS, type Request } from './requests.ts'
import { element } from './view.ts'

const HEIGHT = 230

export class MinutePlot {
  readonly node = element('div', 'plot')
  #plot: uPlot | undefined
  #data: uPlot.AlignedData = [[], [], []]
  #now = Date.now()

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
    new ResizeObserver(() => this.#plot?.setSize({ width: this.node.clientWidth, height: HEIGHT })).observe(this.node)
  }

  show(requests: readonly Request[], now: number): void {
    this.#now = now
    this.#data = [
      requests.map(({ span }) => span.start / 1_000),
      requests.map(({ span, cold }) => (cold ? null : Math.max(0.001, span.durationMs))),
      requests.map(({ span, cold }) => (cold ? Math.max(0.001, span.durationMs) : null)),
    ]
    if (this.#plot === undefined) this.#draw()
    else this.#plot.setData(this.#data)
  }

  #draw(): void {
    this.#plot?.destroy()
    const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    const axis = { stroke: css('--faint'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line') } }
    const dots = (label: string, color: string, size: number): uPlot.Series => ({
      label,
      stroke: color,
      paths: () => null,
      points: { show: true, size, fill: color },
    })
    this.#plot = new uPlot(
      {
        width: Math.max(260, this.node.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        scales: {
          x: { range: () => [(this.#now - WINDOW_MS) / 1_000, this.#now / 1_000] },
          y: { distr: 3, range: (_plot, least, most) => decades(least, most) },
        },
        axes: [
          { ...axis, space: 90, values: (_plot, all) => all.map((at) => new Date(at * 1_000).toTimeString().slice(0, 8)) },
          { ...axis, size: 74, values: (_plot, all) => all.map((tick) => (Number.isInteger(Math.log10(tick)) ? `${tick} ms` : '')) },
        ],
        series: [{}, dots('warm', css('--warm'), 5), dots('cold', css('--cold'), 9)],
      },
      this.#data,
      this.node,
    )
  }
}

/** Whole decades, so that an axis has names; 1 to 100 ms where nothing came. */
function decades(least: number | null, most: number | null): [number, number] {
  if (!(Number(least) > 0) || !(Number(most) > 0)) return [1, 100]
  return [10 ** Math.floor(Math.log10(Number(least))), 10 ** Math.ceil(Math.log10(Number(most) * 1.001))]
}
