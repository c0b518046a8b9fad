/**
 * A small XML reader for request bodies: elements, attributes, text, CDATA, the five named entities and numeric ones.
 * No DTD (refused: entity bombs), no namespaces beyond taking prefixes off element names; attributes keep theirs.
 */
export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlNode[]
  /** Text and CDATA directly below, joined. */
  readonly text: string
}

interface Open {
  readonly tag: string
  readonly node: { name: string; attributes: Record<string, string>; children: XmlNode[]; text: string }
}

/** Deepest nesting of elements; ours. */
const DEPTH_MAX = 128

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const NAME = /[A-Za-z_:\u0080-\uffff][\w.:\u00b7-\uffff-]*/y
const ATTRIBUTE = /\s+([A-Za-z_:\u0080-\uffff][\w.:\u00b7-\uffff-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y
const CLOSE = /\s*(\/?)>/y

/** The text with entities resolved, or undefined for an entity that is not there. */
function resolved(raw: string): string | undefined {
  if (!raw.includes('&')) return raw
  let isBroken = false
  const text = raw.replaceAll(/&([^;&]{0,12});?/g, (whole: string, name: string) => {
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
    const point =
      code === null ? undefined : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16)
    if (whole.endsWith(';') && point !== undefined && point > 0 && point <= 0x10_ffff)
      return String.fromCodePoint(point)
    const found = whole.endsWith(';') && Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
    if (found === undefined) isBroken = true
    return found ?? ''
  })
  return isBroken ? undefined : text
}

const unprefixed = (tag: string): string => tag.slice(tag.indexOf(':') + 1)

class Parser {
  readonly #source: string
  readonly #open: Open[] = []
  #at = 0
  #root: XmlNode | undefined

  constructor(source: string) {
    this.#source = source
  }

  /** The root element, or undefined when the text is not well-formed. */
  parse(): XmlNode | undefined {
    const source = this.#source
    if (source.startsWith('\ufeff')) this.#at = 1
    while (this.#at < source.length) {
      const next = source.indexOf('<', this.#at)
      const end = next === -1 ? source.length : next
      if (end > this.#at && !this.#text(source.slice(this.#at, end), true)) return undefined
      if (next === -1) break
      this.#at = next
      if (!this.#markup()) return undefined
    }
    return this.#open.length === 0 ? this.#root : undefined
  }

  #text(raw: string, hasEntities: boolean): boolean {
    const top = this.#open.at(-1)
    if (top === undefined) return hasEntities && raw.trim() === ''
    const clean = raw.includes('\r') ? raw.replaceAll(/\r\n?/g, '\n') : raw
    const text = hasEntities ? resolved(clean) : clean
    if (text === undefined) return false
    top.node.text += text
    return true
  }

  #markup(): boolean {
    const source = this.#source
    if (source.startsWith('<?', this.#at)) return this.#skip('?>')
    if (source.startsWith('<!--', this.#at)) return this.#skip('-->')
    if (source.startsWith('<![CDATA[', this.#at)) {
      const end = source.indexOf(']]>', this.#at)
      if (end === -1 || !this.#text(source.slice(this.#at + 9, end), false)) return false
      this.#at = end + 3
      return true
    }
    if (source.startsWith('<!', this.#at)) return false
    return source.startsWith('</', this.#at) ? this.#end() : this.#start()
  }

  #skip(mark: string): boolean {
    const end = this.#source.indexOf(mark, this.#at + 2)
    this.#at = end + mark.length
    return end !== -1
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)
    if (found !== null) this.#at = pattern.lastIndex
    return found
  }

  #start(): boolean {
    this.#at++
    const tag = this.#take(NAME)?.[0]
    if (tag === undefined || this.#open.length >= DEPTH_MAX) return false
    if (this.#open.length === 0 && this.#root !== undefined) return false
    const attributes: Record<string, string> = {}
    for (let found = this.#take(ATTRIBUTE); found !== null; found = this.#take(ATTRIBUTE)) {
      const name = found[1] ?? ''
      const value = resolved(found[2] ?? found[3] ?? '')
      if (value === undefined || name === '__proto__' || Object.hasOwn(attributes, name)) return false
      attributes[name] = value
    }
    const close = this.#take(CLOSE)
    if (close === null) return false
    const node = { name: unprefixed(tag), attributes, children: [], text: '' }
    const top = this.#open.at(-1)
    if (top === undefined) this.#root = node
    else top.node.children.push(node)
    if (close[1] === '') this.#open.push({ tag, node })
    return true
  }

  #end(): boolean {
    this.#at += 2
    const tag = this.#take(NAME)?.[0]
    const isClosed = this.#take(CLOSE)
    return tag !== undefined && isClosed !== null && isClosed[1] === '' && this.#open.pop()?.tag === tag
  }
}

/** The root element, or undefined when the text is not well-formed XML of this small kind. */
export const parseXml = (source: string): XmlNode | undefined => new Parser(source).parse()

/** Text safe inside an element or attribute. `"` and carriage returns too, as AWS's services write them. */
export function escapeXml(text: string): string {
  if (!/[&<>"\r]/.test(text)) return text
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;')
}
