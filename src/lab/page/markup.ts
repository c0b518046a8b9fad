/** HTML made of texts: everything that comes from outside goes through `escapeHtml`. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

/** JSON for a script element: no text in it can end the element. */
export const scriptJson = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')

export interface Cell {
  readonly text: string
  /** What a column is sorted by; the text without it. */
  readonly value?: number | string
  readonly meaning?: string
}

/** A table whose column titles sort it. The first column names the row. */
export function sortableTable(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
): string {
  const head = titles
    .map((title) => `<th scope="col"><button type="button">${escapeHtml(title)}</button></th>`)
    .join('')
  const body = rows.map((cells) => `<tr>${cells.map(cellOf).join('')}</tr>`).join('\n')
  return `<div class="wide"><table class="sortable"><caption><span>${escapeHtml(caption)}</span></caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}

function cellOf(cell: Cell, index: number): string {
  const value = cell.value === undefined ? '' : ` data-value="${escapeHtml(String(cell.value))}"`
  const meaning = cell.meaning === undefined ? '' : ` class="${cell.meaning}"`
  return index === 0
    ? `<th scope="row"${value}>${escapeHtml(cell.text)}</th>`
    : `<td${value}${meaning}>${escapeHtml(cell.text)}</td>`
}

export const section = (id: string, title: string, content: string): string =>
  content === ''
    ? ''
    : `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escapeHtml(title)}</h2>\n${content}\n</section>`

/** Coordinates with one digit: finer is not seen and costs bytes. */
export const px = (value: number): string => String(Number(value.toFixed(1)))

/** Hatches that drawings of lanes refer to: no meaning hangs on colour alone. */
export const PATTERNS = `<svg width="0" height="0" aria-hidden="true" class="patterns"><defs>
<pattern id="hatch-cold" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" class="cold-ground"/><rect width="1.6" height="5" class="hatch-line"/></pattern>
</defs></svg>`
