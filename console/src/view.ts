// Elements, tables that are only touched when their content changes, and the waterfall of one request.
import { ms } from './figures.ts'
import type { Span } from './platform.ts'

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

export interface Cell {
  readonly text: string
  readonly meaning?: string
  readonly href?: string
}

export type Row = readonly (Cell | string)[]

/** `empty` stands where there is no row. */
export class Table {
  readonly node = element('div', 'wide')
  readonly #head: readonly string[]
  readonly #empty: string
  #shown = ''

  constructor(head: readonly string[], empty: string) {
    this.#head = head
    this.#empty = empty
  }

  show(rows: readonly Row[]): void {
    const content = JSON.stringify(rows)
    if (content === this.#shown) return
    this.#shown = content
    if (rows.length === 0) {
      this.node.replaceChildren(element('p', 'empty', this.#empty))
      return
    }
    const head = element('tr', '', ...this.#head.map((title) => heading(title)))
    const body = rows.map((row) => element('tr', '', ...row.map((cell) => element('td', '', ...cellOf(cell)))))
    this.node.replaceChildren(element('table', '', element('thead', '', head), element('tbody', '', ...body)))
  }
}

function heading(title: string): HTMLElement {
  const made = element('th', '', title)
  made.scope = 'col'
  return made
}

function cellOf(cell: Cell | string): (Node | string)[] {
  if (typeof cell === 'string') return [cell]
  if (cell.href !== undefined) {
    const link = element('a', '', cell.text)
    link.href = cell.href
    return [link]
  }
  return [element('span', cell.meaning ?? '', cell.text)]
}

function kindOf({ service, operation, outcome }: Span): string {
  if (outcome === 'error' || outcome === 'fault') return 'error'
  if (outcome === 'throttle' || operation === 'queue') return 'waiting'
  if (service === 'lambda' && (operation === 'start' || operation === 'init')) return 'cold'
  return service === 'lambda' || service === 'apigateway' ? 'warm' : 'downstream'
}

/** Spans below one another in the order of their start, on one axis. */
export function waterfall(spans: readonly Span[]): HTMLElement {
  const from = Math.min(...spans.map((span) => span.start))
  const whole = Math.max(1e-3, ...spans.map((span) => span.start + span.durationMs - from))
  const known = new Set(spans.map((span) => span.id))
  const below = Map.groupBy(spans, (span) => (known.has(span.parentId ?? '') ? span.parentId : undefined))
  const rows: HTMLElement[] = []
  const add = (parent: string | undefined, depth: number): void => {
    for (const span of (below.get(parent) ?? []).toSorted((a, b) => a.start - b.start)) {
      const name = element('span', '', `${span.service} ${span.operation}`)
      name.style.paddingLeft = `${depth}em`
      const bar = element('i', kindOf(span))
      bar.style.left = `${((span.start - from) / whole) * 100}%`
      bar.style.width = `${(span.durationMs / whole) * 100}%`
      rows.push(element('div', 'span-row', name, element('span', '', ms(span.durationMs)), element('span', 'track', bar)))
      add(span.id, depth + 1)
    }
  }
  add(undefined, 0)
  return element('div', 'waterfall', ...rows)
}
