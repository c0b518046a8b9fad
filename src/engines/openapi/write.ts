/** A document as text, in the two forms that API Gateway exports. What stands in it is its maker's. */
import { stringify } from 'yaml'
import { type Bytes, utf8 } from '#base/bytes.ts'
import type { JsonObject } from '#base/json.ts'

/** JSON with an indent of two, or YAML without anchors. */
export function writeDocument(document: JsonObject, form: 'JSON' | 'YAML'): Bytes {
  if (form === 'JSON') return utf8(JSON.stringify(document, undefined, 2))
  return utf8(stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }))
}
