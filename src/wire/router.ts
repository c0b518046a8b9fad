/**
 * REST operations by method and path: a trie of segments per method. Candidates that share a template are told apart by
 * their literal query keys, then by the query and header members they require; `x-id` is ignored. Required members only
 * choose among candidates, else a missing header would be an unknown operation instead of a validation error.
 */
import { type Pair, decodePart, pathOf } from '#wire/uri.ts'

export interface Candidate<T> {
  readonly value: T
  /** Keys (with values, if any) that the query must hold. */
  readonly literals: readonly Pair[]
  readonly requiredQuery: readonly string[]
  readonly requiredHeaders: readonly string[]
  readonly isDeprecated: boolean
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  label?: { readonly name: string; readonly node: Node<T> }
  /** Label over several segments; literal segments may follow it. */
  greedy: { readonly name: string; readonly suffix: readonly string[]; readonly candidates: Candidate<T>[] }[]
  readonly candidates: Candidate<T>[]
}

/** Labels as they stand in the path, still encoded. */
export type RawLabels = Readonly<Record<string, string>>

export interface Routed<T> {
  readonly candidates: readonly Candidate<T>[]
  readonly labels: RawLabels
}

export interface Seen {
  readonly query: readonly Pair[]
  readonly headers: Readonly<Record<string, string>>
}

const nodeOf = <T>(): Node<T> => ({ literals: new Map(), greedy: [], candidates: [] })

const scoreOf = <T>(candidate: Candidate<T>): number =>
  candidate.literals.length * 100 +
  (candidate.requiredQuery.length + candidate.requiredHeaders.length) * 10 -
  (candidate.isDeprecated ? 5 : 0)

/** Literal keys of a template's query, without `x-id`. */
export function literalsOf(uri: string): readonly Pair[] {
  const query = uri.split('?')[1]
  if (query === undefined || query === '') return []
  return query
    .split('&')
    .map((part): Pair => {
      const [key = '', value = ''] = part.split('=')
      return [key, value]
    })
    .filter(([key]) => key !== 'x-id')
}

export class Router<T> {
  readonly #methods = new Map<string, Node<T>>()

  add(method: string, uri: string, candidate: Candidate<T>): void {
    let node = this.#methods.get(method)
    if (node === undefined) this.#methods.set(method, (node = nodeOf()))
    const segments = segmentsOf(uri.split('?')[0] ?? '')
    const path = segments.length > 1 && segments.at(-1) === '' ? segments.slice(0, -1) : segments
    for (const [i, segment] of path.entries()) {
      const label = /^\{(.+?)(\+?)\}$/.exec(segment)
      if (label?.[2] === '+') {
        this.#greedy(node, label[1] ?? '', path.slice(i + 1), candidate)
        return
      }
      if (label !== null) {
        node.label ??= { name: label[1] ?? '', node: nodeOf() }
        node = node.label.node
      } else {
        let next: Node<T> | undefined = node.literals.get(segment)
        if (next === undefined) node.literals.set(segment, (next = nodeOf()))
        node = next
      }
    }
    insert(node.candidates, candidate)
  }

  #greedy(node: Node<T>, name: string, suffix: readonly string[], candidate: Candidate<T>): void {
    const hit = node.greedy.find((entry) => entry.suffix.join('/') === suffix.join('/'))
    if (hit !== undefined) return insert(hit.candidates, candidate)
    node.greedy.push({ name, suffix, candidates: [candidate] })
    node.greedy.sort((a, b) => b.suffix.length - a.suffix.length)
  }

  /** All operations of the best template for a path; undefined when none fits. A trailing slash may be too much. */
  route(method: string, target: string): Routed<T> | undefined {
    const root = this.#methods.get(method)
    if (root === undefined) return undefined
    const segments = segmentsOf(pathOf(target))
    const found = match(root, segments, 0, {})
    if (found !== undefined || segments.length < 2 || segments.at(-1) !== '') return found
    return match(root, segments.slice(0, -1), 0, {})
  }

  /** The operation of a request: the best candidate whose literals and required members are there. */
  pick(routed: Routed<T>, seen: Seen): T | undefined {
    const { candidates } = routed
    const [only] = candidates
    if (candidates.length === 1 && only !== undefined && only.literals.length === 0) return only.value
    let first: Candidate<T> | undefined
    for (const candidate of candidates) {
      const { literals, requiredQuery, requiredHeaders } = candidate
      if (!literals.every((pair) => holds(seen.query, pair))) continue
      first ??= candidate
      if (
        requiredQuery.every((key) => seen.query.some(([name]) => name === key)) &&
        requiredHeaders.every((name) => seen.headers[name] !== undefined)
      )
        return candidate.value
    }
    return first?.value
  }
}

const holds = (query: readonly Pair[], [key, value]: Pair): boolean =>
  query.some(([name, found]) => name === key && (value === '' || found === value))

function insert<T>(candidates: Candidate<T>[], candidate: Candidate<T>): void {
  candidates.push(candidate)
  candidates.sort((a, b) => scoreOf(b) - scoreOf(a))
}

const segmentsOf = (path: string): string[] => path.split('/').slice(1)

function match<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  labels: RawLabels,
): Routed<T> | undefined {
  const segment = segments[at]
  if (segment === undefined)
    return node.candidates.length === 0 ? undefined : { candidates: node.candidates, labels }
  const literal = node.literals.get(segment) ?? node.literals.get(decodePart(segment) ?? segment)
  const below = literal === undefined ? undefined : match(literal, segments, at + 1, labels)
  if (below !== undefined) return below
  if (node.label !== undefined && segment !== '') {
    const { name, node: next } = node.label
    const found = match(next, segments, at + 1, { ...labels, [name]: segment })
    if (found !== undefined) return found
  }
  for (const { name, suffix, candidates } of node.greedy) {
    const end = segments.length - suffix.length
    const value = segments.slice(at, end).join('/')
    if (value !== '' && suffix.every((part, i) => segments[end + i] === part))
      return { candidates, labels: { ...labels, [name]: value } }
  }
  return undefined
}
