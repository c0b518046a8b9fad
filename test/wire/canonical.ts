/** Bodies in a form in which what means the same is the same: order of members, white space, number forms. */
import { parseJson } from '#base/json.ts'
import { text } from '#base/bytes.ts'
import { Tagged, decodeCbor } from '#wire/cbor.ts'
import { type XmlNode, parseXml } from '#wire/xml-parse.ts'

/** `ignored` names elements that do not count. */
export function canonical(
  bytes: Uint8Array,
  type: string | undefined,
  ignored: ReadonlySet<string>,
): unknown {
  if (type === 'application/json') return bytes.length === 0 ? '' : sorted(parseJson(text(bytes)))
  if (type === 'application/cbor') return bytes.length === 0 ? '' : sorted(decodeCbor(bytes))
  if (type === 'application/xml' || type === 'text/xml') {
    const root = parseXml(text(bytes))
    return root === undefined ? text(bytes) : xml(root, ignored)
  }
  return undefined
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value instanceof Tagged) return { tag: value.tag, value: value.value }
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

/** Children stay in order within a name; the answer's own request id and names of elements' prefixes do not count. */
function xml(node: XmlNode, ignored: ReadonlySet<string>): unknown {
  const children = node.children.filter(({ name }) => !ignored.has(name)).map((child) => xml(child, ignored))
  return {
    name: node.name,
    attributes: sorted(node.attributes),
    content:
      node.children.length === 0
        ? node.text
        : children.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)),
  }
}

const nameOf = (node: unknown): string => (node as { name: string }).name
