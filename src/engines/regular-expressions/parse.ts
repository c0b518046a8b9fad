/**
 * Regular expressions in the part that Java's and JavaScript's have in common, as a tree: characters and classes,
 * groups, alternatives, repetition, anchors, word boundaries, lookahead. Not here: back references, lookbehind, flags
 * and possessive forms; an expression that has them is none. Captures are not kept: only whether a text matches is asked.
 */

export type Node =
  | { readonly kind: 'set'; readonly test: (character: string) => boolean }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'at'; readonly what: Place }
  | { readonly kind: 'look'; readonly node: Node; readonly negated: boolean }

export type Place = 'start' | 'end' | 'boundary' | 'inside'

/** Largest number in `{m,n}`. Beyond: no expression. Ours. */
const COUNT_MAX = 2_000
/** Groups within groups. Beyond: no expression. Ours. */
const DEPTH_MAX = 100

class Misshapen extends Error {}

/** The tree, or undefined for what is no expression, or none of ours. */
export function parseExpression(source: string): Node | undefined {
  const parser = new Parser(source)
  try {
    return parser.whole()
  } catch (error) {
    if (error instanceof Misshapen) return undefined
    throw error
  }
}

class Parser {
  readonly #source: readonly string[]
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = Array.from(source)
  }

  whole(): Node {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw new Misshapen()
    return node
  }

  get #next(): string | undefined {
    return this.#source[this.#at]
  }

  #take(text: string): boolean {
    const found = Array.from(text).every((character, n) => this.#source[this.#at + n] === character)
    if (found) this.#at += Array.from(text).length
    return found
  }

  #choice(): Node {
    const nodes = [this.#sequence()]
    while (this.#take('|')) nodes.push(this.#sequence())
    const [only] = nodes
    return nodes.length === 1 && only !== undefined ? only : { kind: 'choice', nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      const node = this.#atom()
      nodes.push(this.#repeated(node))
    }
    return { kind: 'sequence', nodes }
  }

  #repeated(node: Node): Node {
    const counts = this.#counts()
    if (counts === undefined) return node
    if (node.kind === 'at' || node.kind === 'look') throw new Misshapen()
    this.#take('?') // lazy: the same texts match
    if (this.#next === '+' || this.#counts() !== undefined) throw new Misshapen()
    return { kind: 'repeat', node, ...counts }
  }

  #counts(): { readonly min: number; readonly max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    if (this.#next !== '{') return undefined
    const close = this.#source.indexOf('}', this.#at)
    const inner = close === -1 ? '' : this.#source.slice(this.#at + 1, close).join('')
    const found = /^(\d+)(?:(,)(\d*))?$/.exec(inner)
    if (found === null) throw new Misshapen()
    this.#at = close + 1
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3])
    if (min > COUNT_MAX || (max !== Infinity && max > COUNT_MAX) || max < min) throw new Misshapen()
    return { min, max }
  }

  #atom(): Node {
    const character = this.#next ?? ''
    if (character === '(') return this.#group()
    if (character === '[') return this.#class()
    if (character === '\\') return this.#escape()
    this.#at++
    if (character === '.') return { kind: 'set', test: (one) => one !== '\n' && one !== '\r' }
    if (character === '^') return { kind: 'at', what: 'start' }
    if (character === '$') return { kind: 'at', what: 'end' }
    if ('*+?{'.includes(character)) throw new Misshapen()
    return { kind: 'set', test: (one) => one === character }
  }

  #group(): Node {
    this.#at++
    if (++this.#depth > DEPTH_MAX) throw new Misshapen()
    const look = this.#take('?=') ? false : this.#take('?!') ? true : undefined
    if (look === undefined && !this.#take('?:') && this.#take('?')) this.#name()
    const node = this.#choice()
    if (!this.#take(')')) throw new Misshapen()
    this.#depth--
    return look === undefined ? node : { kind: 'look', node, negated: look }
  }

  /** `(?<name>`; what else begins with `(?` is none of ours. */
  #name(): void {
    const close = this.#source.indexOf('>', this.#at)
    const name = this.#source.slice(this.#at, close + 1).join('')
    if (close === -1 || !/^<[A-Za-z]\w*>$/.test(name)) throw new Misshapen()
    this.#at = close + 1
  }

  /** The class's text is JavaScript's own, tried on one character: nothing in it can repeat. */
  #class(): Node {
    const from = this.#at++
    this.#take('^')
    if (this.#next === ']') throw new Misshapen()
    while (this.#next !== ']') {
      if (this.#next === undefined || this.#next === '[') throw new Misshapen()
      this.#at += this.#next === '\\' ? 2 : 1
    }
    this.#at++
    return set(this.#source.slice(from, this.#at).join(''))
  }

  #escape(): Node {
    const from = this.#at
    const letter = this.#source[from + 1] ?? ''
    if (letter === 'b' || letter === 'B') {
      this.#at += 2
      return { kind: 'at', what: letter === 'b' ? 'boundary' : 'inside' }
    }
    if (/[1-9kQEGAZzRX]/.test(letter) || letter === '') throw new Misshapen()
    const tail = this.#source.slice(from).join('')
    const text = /^\\(?:[pP]\{\w+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^pPxu])/u.exec(tail)?.[0]
    if (text === undefined) throw new Misshapen()
    this.#at += Array.from(text).length
    return set(text)
  }
}

/** A class or an escape as JavaScript reads it, with and without the flag that `\p` needs. */
function set(text: string): Node {
  for (const flags of ['u', '']) {
    try {
      const expression = new RegExp(`^${text}$`, flags)
      return { kind: 'set', test: (character) => expression.test(character) }
    } catch {
      continue
    }
  }
  throw new Misshapen()
}
