/**
 * Route tables: which of an API's paths answers a request. One tree per API, compiled once per change and walked
 * per request. Both gateways use it; what differs (which kind of path wins) is an option, not a second tree.
 * Stages, methods' settings and what a route does are the caller's.
 */
export interface Route<T> {
  /** Upper case, or `ANY`. */
  readonly method: string
  /** Such as `/`, `/pets/{id}` or `/pets/{proxy+}`. */
  readonly path: string
  readonly target: T
}

export interface RouteMatch<T> {
  readonly target: T
  /** Values as they stand in the path, not decoded. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * `nearest`: a literal segment before a variable before a greedy one, segment by segment; a resource that lacks the
 * method is passed over. Source: recorded AWS answers of REST APIs.
 * `full-first`: every path without a greedy variable before every path with one. Source: API Gateway developer
 * guide, Routing API requests (HTTP APIs): 1. full match, 2. greedy variable, 3. `$default`.
 */
export type Precedence = 'nearest' | 'full-first'

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  variable: { readonly name: string; readonly node: Node<T> }[]
  greedy: { readonly name: string; readonly methods: Map<string, T> }[]
  readonly methods: Map<string, T>
}

const node = <T>(): Node<T> => ({ literals: new Map(), variable: [], greedy: [], methods: new Map() })

export class RouteTable<T> {
  readonly #root: Node<T> = node()
  readonly #precedence: Precedence
  /** Paths without variables, by method and path: the answer for most requests. */
  readonly #exact = new Map<string, T>()

  constructor(routes: readonly Route<T>[], precedence: Precedence) {
    this.#precedence = precedence
    for (const route of routes) this.#add(route)
  }

  #add(route: Route<T>): void {
    const segments = segmentsOf(route.path)
    let at = this.#root
    if (segments.every((segment) => variableName(segment) === undefined)) {
      this.#exact.set(`${route.method} ${segments.join('/')}`, route.target)
    }
    for (const segment of segments) {
      const variable = variableName(segment)
      if (variable?.greedy === true) {
        let greedy = at.greedy.find((one) => one.name === variable.name)
        if (greedy === undefined) at.greedy.push((greedy = { name: variable.name, methods: new Map() }))
        greedy.methods.set(route.method, route.target)
        return
      }
      at = variable === undefined ? literalOf(at, segment) : variableOf(at, variable.name)
    }
    at.methods.set(route.method, route.target)
  }

  /** The route that answers, or undefined. `path` begins with a slash and is raw. */
  match(method: string, path: string): RouteMatch<T> | undefined {
    const segments = segmentsOf(path)
    const exact = this.#exact.get(`${method} ${segments.join('/')}`)
    if (exact !== undefined) return { target: exact, parameters: {} }
    const walk = { method, segments, full: true, greedy: this.#precedence === 'nearest' }
    const found = find(this.#root, walk, 0)
    if (found !== undefined || this.#precedence === 'nearest') return asMatch(found)
    return asMatch(find(this.#root, { ...walk, full: false, greedy: true }, 0))
  }
}

interface Walk {
  readonly method: string
  readonly segments: readonly string[]
  /** Whether paths without a greedy variable may answer. */
  readonly full: boolean
  /** Whether paths with a greedy variable may answer. */
  readonly greedy: boolean
}
type Found<T> = { readonly target: T; readonly names: [name: string, value: string][] }

function find<T>(at: Node<T>, walk: Walk, depth: number): Found<T> | undefined {
  const segment = walk.segments[depth]
  if (segment === undefined) {
    const target = walk.full ? pick(at.methods, walk.method) : undefined
    return target === undefined ? undefined : { target, names: [] }
  }
  const literal = at.literals.get(segment)
  const below = literal === undefined ? undefined : find(literal, walk, depth + 1)
  if (below !== undefined) return below
  if (segment !== '') {
    for (const { name, node } of at.variable) {
      const found = find(node, walk, depth + 1)
      if (found === undefined) continue
      found.names.unshift([name, segment])
      return found
    }
  }
  return walk.greedy ? findGreedy(at, walk, depth) : undefined
}

function findGreedy<T>(at: Node<T>, walk: Walk, depth: number): Found<T> | undefined {
  const rest = walk.segments.slice(depth).join('/')
  if (rest === '') return undefined
  for (const { name, methods } of at.greedy) {
    const target = pick(methods, walk.method)
    if (target !== undefined) return { target, names: [[name, rest]] }
  }
  return undefined
}

const pick = <T>(methods: Map<string, T>, method: string): T | undefined =>
  methods.get(method) ?? methods.get('ANY')

const asMatch = <T>(found: Found<T> | undefined): RouteMatch<T> | undefined =>
  found === undefined ? undefined : { target: found.target, parameters: Object.fromEntries(found.names) }

function literalOf<T>(at: Node<T>, segment: string): Node<T> {
  let next = at.literals.get(segment)
  if (next === undefined) at.literals.set(segment, (next = node()))
  return next
}

function variableOf<T>(at: Node<T>, name: string): Node<T> {
  let next = at.variable.find((one) => one.name === name)
  if (next === undefined) at.variable.push((next = { name, node: node() }))
  return next.node
}

/** The parts of a path after its first slash; `/` has none, and a closing slash leaves an empty last part. */
export function segmentsOf(path: string): string[] {
  const below = path.startsWith('/') ? path.slice(1) : path
  return below === '' ? [] : below.split('/')
}

/** The variable of a path part such as `{id}` or `{proxy+}`, or undefined for a literal part. */
export function variableName(
  segment: string,
): { readonly name: string; readonly greedy: boolean } | undefined {
  if (!segment.startsWith('{') || !segment.endsWith('}')) return undefined
  const inner = segment.slice(1, -1)
  return inner.endsWith('+') ? { name: inner.slice(0, -1), greedy: true } : { name: inner, greedy: false }
}
