/**
 * Reads a pattern's JSON token by token and knows where it is: AWS's answers quote line and column, numbers keep their
 * literal text, and a name given twice is seen twice. The positions are those of the streaming parser that AWS uses: a
 * string's content counts as unread until somebody asks for it, and a name is read together with the start of its value.
 */
import { PatternRefused } from '#engines/patterns/problem.ts'

export type Token = '{' | '}' | '[' | ']' | 'name' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end'

const SNIPPET_MOST = 500
const A_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Objects and arrays inside each other. Source: the defaults of AWS's JSON parser (Jackson, StreamReadConstraints). */
const NESTING_MOST = 1_000

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[\w$]+/y

interface Level {
  readonly kind: 'Object' | 'Array'
  readonly from: number
  entries: number
}

export class JsonTokens {
  readonly source: string
  #at = 0
  #token: Token = 'end'
  #text = ''
  /** True while the content of a string value has not been read. */
  #unread = false
  /** The value after a name, read along with it, and its text. */
  #ahead: Token | undefined
  #aheadText = ''
  #levels: Level[] = []

  constructor(source: string) {
    this.source = source
  }

  get token(): Token {
    return this.#token
  }

  /** The name, the string's content, the number's or the word's literal text, the bracket. */
  text(): string {
    this.#finishString()
    return this.#text
  }

  next(): Token {
    this.#finishString()
    if (this.#ahead !== undefined) {
      this.#token = this.#ahead
      this.#text = this.#aheadText
      this.#ahead = undefined
      return this.#token
    }
    this.#token = this.#read()
    return this.#token
  }

  /** Where the parser stands, in AWS's words, after a line feed. */
  location(offset: number = this.#at): string {
    return `\n at ${this.#sourceAt(offset)}`
  }

  refuse(reason: string): never {
    throw new PatternRefused({ kind: 'syntax', reason, at: this.location() })
  }

  #sourceAt(offset: number): string {
    const before = this.source.slice(0, offset)
    const line = before.split('\n').length
    const column = offset - (before.lastIndexOf('\n') + 1) + 1
    const beyond = this.source.length - SNIPPET_MOST
    const cut = beyond > 0 ? `[truncated ${beyond} chars]` : ''
    return `[Source: (String)"${this.source.slice(0, SNIPPET_MOST)}"${cut}; line: ${line}, column: ${column}]`
  }

  #broken(reason: string, offset: number = this.#at): never {
    throw new PatternRefused({ kind: 'syntax', reason, at: this.location(offset) })
  }

  #unexpected(expectation: string): never {
    const char = this.source.charAt(this.#at)
    const code = this.source.charCodeAt(this.#at)
    return this.#broken(`Unexpected character ('${char}' (code ${code})): ${expectation}`)
  }

  #skipBlanks(): void {
    while (' \t\n\r'.includes(this.source.charAt(this.#at)) && this.#at < this.source.length) this.#at++
  }

  #needMore(): void {
    if (this.#at < this.source.length) return
    const level = this.#levels.at(-1)
    if (level === undefined) this.#broken('Unexpected end-of-input')
    const start = this.#sourceAt(level.from)
    this.#broken(
      `Unexpected end-of-input: expected close marker for ${level.kind} (start marker at ${start})`,
    )
  }

  #read(): Token {
    this.#skipBlanks()
    const level = this.#levels.at(-1)
    if (level === undefined) return this.#at >= this.source.length ? 'end' : this.#value()
    this.#needMore()
    const closing = level.kind === 'Object' ? '}' : ']'
    if (this.source.charAt(this.#at) === closing) {
      this.#at++
      this.#levels.pop()
      this.#text = closing
      return closing
    }
    if (level.entries > 0) {
      if (this.source.charAt(this.#at) !== ',') {
        this.#unexpected(`was expecting comma to separate ${level.kind} entries`)
      }
      this.#at++
      this.#skipBlanks()
      this.#needMore()
    }
    level.entries++
    return level.kind === 'Object' ? this.#name() : this.#value()
  }

  #name(): Token {
    if (this.source.charAt(this.#at) !== '"') {
      this.#unexpected('was expecting double-quote to start field name')
    }
    this.#at++
    const name = this.#content()
    this.#skipBlanks()
    this.#needMore()
    if (this.source.charAt(this.#at) !== ':') {
      this.#unexpected('was expecting a colon to separate field name and value')
    }
    this.#at++
    this.#skipBlanks()
    this.#needMore()
    this.#ahead = this.#value()
    this.#aheadText = this.#text
    this.#text = name
    return 'name'
  }

  #value(): Token {
    const char = this.source.charAt(this.#at)
    if (char === '{' || char === '[') {
      if (this.#levels.length === NESTING_MOST) {
        const most = `${NESTING_MOST}, from \`StreamReadConstraints.getMaxNestingDepth()\``
        this.#broken(`Document nesting depth (${NESTING_MOST + 1}) exceeds the maximum allowed (${most})`)
      }
      this.#levels.push({ kind: char === '{' ? 'Object' : 'Array', from: this.#at, entries: 0 })
      this.#at++
      this.#text = char
      return char
    }
    if (char === '"') {
      this.#at++
      this.#unread = true
      return 'string'
    }
    if (char === '-' || (char >= '0' && char <= '9')) return this.#number()
    if (/[\w$]/.test(char)) return this.#word()
    return this.#unexpected(`expected a valid value ${A_VALUE}`)
  }

  #matched(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at
    return expression.exec(this.source)?.[0]
  }

  #number(): Token {
    const found = this.#matched(NUMBER)
    if (found === undefined) {
      this.#at++
      return this.#unexpected('expected digit (0-9) to follow minus sign, for valid numeric value')
    }
    this.#at += found.length
    const next = this.source.charAt(this.#at)
    if (next >= '0' && next <= '9') this.#broken('Invalid numeric value: Leading zeroes not allowed')
    if (next === '.' || /[\w$]/.test(next)) {
      this.#unexpected('Expected space separating root-level values')
    }
    this.#text = found
    return 'number'
  }

  #word(): Token {
    const word = this.#matched(WORD) ?? ''
    this.#at += word.length
    this.#text = word
    if (word === 'true' || word === 'false' || word === 'null') return word
    return this.#broken(`Unrecognized token '${word}': was expecting ${A_VALUE}`)
  }

  #finishString(): void {
    if (this.#token === 'name') return // what is unread then is its value
    if (!this.#unread) return
    this.#unread = false
    this.#text = this.#content()
  }

  /** A string's content up to its closing quote, which is read as well. */
  #content(): string {
    let out = ''
    for (;;) {
      this.#needMore()
      const char = this.source.charAt(this.#at++)
      if (char === '"') return out
      if (char === '\\') out += this.#escape()
      else if (char < ' ') {
        const code = char.charCodeAt(0)
        this.#broken(
          `Illegal unquoted character ((CTRL-CHAR, code ${code})): has to be escaped using backslash to be included in string value`,
        )
      } else out += char
    }
  }

  #escape(): string {
    this.#needMore()
    const char = this.source.charAt(this.#at++)
    const plain = ESCAPES[char]
    if (plain !== undefined) return plain
    const hex = this.source.slice(this.#at, this.#at + 4)
    if (char === 'u' && /^[0-9a-fA-F]{4}$/.test(hex)) {
      this.#at += 4
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    return this.#broken(`Unrecognized character escape '${char}' (code ${char.charCodeAt(0)})`)
  }
}
