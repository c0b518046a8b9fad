/**
 * Filter patterns of FilterLogEvents as predicates: terms, phrases, optional and excluded terms, regular expressions
 * and JSON selectors (`json-pattern.ts`). Space-delimited patterns in brackets are refused.
 * Source: CloudWatch Logs user guide, Filter pattern syntax.
 */
import { badPattern, notWritten } from '#services/logs/faults.ts'
import { compileJsonPattern } from '#services/logs/json-pattern.ts'
import { safeRegex } from '#services/logs/pattern-regex.ts'

export type Matches = (message: string) => boolean

interface Term {
  readonly kind: 'required' | 'optional' | 'excluded'
  readonly matches: Matches
}

/** The predicate. Fault: the pattern is malformed. */
export function compilePattern(pattern: string): Matches {
  const text = pattern.trim()
  if (text === '') return () => true
  if (text.startsWith('{')) return compileJsonPattern(text)
  if (text.startsWith('[')) throw notWritten('A space-delimited filter pattern')
  const terms = termsOf(text)
  const required = terms.filter((term) => term.kind === 'required')
  const optional = terms.filter((term) => term.kind === 'optional')
  const excluded = terms.filter((term) => term.kind === 'excluded')
  // Beside required terms the optional ones have no effect, as AWS documents.
  const wanted: Matches =
    required.length > 0
      ? (message) => required.every((term) => term.matches(message))
      : (message) => optional.length === 0 || optional.some((term) => term.matches(message))
  return (message) => wanted(message) && !excluded.some((term) => term.matches(message))
}

const TOKEN = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|([^\s"]+))/y

function termsOf(text: string): Term[] {
  const terms: Term[] = []
  let at = 0
  while (at < text.length) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found === null) throw badPattern()
    const [whole, mark, phrase, regex, word = ''] = found
    const kind = mark === '?' ? 'optional' : mark === '-' ? 'excluded' : 'required'
    terms.push({ kind, matches: termMatches(phrase, regex, word) })
    at += whole.length
    if (text.slice(at).trim() === '') break
  }
  return terms
}

function termMatches(phrase: string | undefined, regex: string | undefined, word: string): Matches {
  if (regex !== undefined) {
    const expression = safeRegex(regex)
    return (message) => expression.test(message)
  }
  const wanted = phrase === undefined ? word : phrase.replace(/\\(.)/g, '$1')
  return (message) => message.includes(wanted)
}
