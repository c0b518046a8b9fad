// The newest requests, newest first; each opens to its waterfall. Rows keep their focus while new ones come.
import { ms } from './figures.ts'
import { spansOf } from './platform.ts'
import type { Request } from './requests.ts'
import { element, waterfall } from './view.ts'

const SHOWN = 25

export class RecentRequests {
  readonly node = element('div', 'recent')
  readonly #rows = new Map<string, HTMLDetailsElement>()

  show(requests: readonly Request[]): void {
    const newest = requests.slice(-SHOWN).toReversed()
    // a row that is open stays while its reader reads
    const kept = [...this.#rows].filter(([, row]) => row.open || row.contains(document.activeElement))
    const wanted = new Map(newest.map((request) => [request.span.id, this.#rows.get(request.span.id) ?? rowOf(request)]))
    for (const [id, row] of kept) wanted.set(id, row)
    for (const [id, row] of this.#rows) if (!wanted.has(id)) row.remove()
    this.#rows.clear()
    let before: Element | null = null
    for (const [id, row] of wanted) {
      this.#rows.set(id, row)
      const place: ChildNode | null = before === null ? this.node.firstChild : before.nextSibling
      // moving a row takes its focus away, so only rows that are new or elsewhere move
      if (row !== place && !row.isConnected) this.node.insertBefore(row, place)
      if (row.isConnected) before = row
    }
    this.node.querySelector('.empty')?.remove()
    if (wanted.size === 0)
      this.node.append(element('p', 'empty', 'Nothing was asked in the last minute. Every call to an AWS API and every request to an API of yours shows here.'))
  }
}

function rowOf({ span, name, cold, failure }: Request): HTMLDetailsElement {
  const time = new Date(span.start).toTimeString().slice(0, 8)
  const summary = element(
    'summary',
    '',
    element('time', '', time),
    element('b', '', ms(span.durationMs)),
    element('span', 'name', name),
    element('span', cold ? 'cold-word' : 'faint', cold ? 'cold' : ''),
    element('span', failure === undefined ? 'faint' : 'error-word', `${span.status ?? ''} ${failure ?? ''}`),
  )
  const inside = element('div', 'inside')
  const row = element('details', '', summary, inside)
  row.addEventListener('toggle', () => {
    if (row.open) void drawInside(inside, span.traceId)
  })
  return row
}

async function drawInside(inside: HTMLElement, traceId: string): Promise<void> {
  const next = element('p', 'faint', 'trace ', element('code', '', traceId))
  const spans = await spansOf(traceId).catch(() => [])
  inside.replaceChildren(
    spans.length === 0 ? element('p', 'empty', 'Its spans are no longer there.') : waterfall(spans),
    next,
  )
}
