/**
 * Where each statement of a policy lies in its text, as simulations answer it. Pure. The text has been read as JSON before:
 * what is here only finds brackets.
 */
export interface Position {
  readonly Line: number
  readonly Column: number
}

export interface Span {
  readonly start: Position
  readonly end: Position
}

/** One span a statement, in order. Columns are counted behind the bracket, as AWS's parser does (inferred from AWS's examples). */
export function statementSpans(text: string): readonly Span[] {
  const spans: Span[] = []
  let depth = 0
  /** The depth of statements: 1 for a single one, 2 within a list. */
  let level = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]
    if (sign === '"') {
      const end = endOfText(text, at)
      if (depth === 1 && text.slice(at, end) === '"Statement"') level = levelAfter(text, end)
      at = end - 1
    } else if (sign === '{' || sign === '[') {
      if (sign === '{' && depth === level && level > 0) start = at
      depth++
    } else if (sign === '}' || sign === ']') {
      depth--
      if (sign === '}' && depth === level && level > 0)
        spans.push({ start: positionAt(text, start + 1), end: positionAt(text, at + 1) })
      if (depth === 1) level = 0
    }
  }
  return spans
}

const levelAfter = (text: string, at: number): number => (/^\s*:\s*\[/.test(text.slice(at, at + 100)) ? 2 : 1)

function endOfText(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { Line: line, Column: offset - before.lastIndexOf('\n') }
}
