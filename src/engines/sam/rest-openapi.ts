/** The OpenAPI document of a REST API in the version that was asked for. */
import { isOpenApi3, pathsOf } from '#engines/sam/editor.ts'
import { given } from '#engines/sam/intrinsics.ts'
import type { Source } from '#engines/sam/resource.ts'
import { invalidDocument } from '#engines/sam/sam-error.ts'
import { dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

/** OpenAPI 3 keeps schemas and security schemes under `components`, and headers under `schema`. */
export function normaliseOpenApi({ properties }: Source): void {
  const doc = dictAt(properties, 'DefinitionBody')
  if (doc === undefined || (memberOf(doc, 'swagger') ?? null) !== null) return
  const asked = memberOf(properties, 'OpenApiVersion')
  const version = given(memberOf(doc, 'openapi')) && asked === undefined ? memberOf(doc, 'openapi') : asked
  if (!given(version) || !isOpenApi3(version)) return
  for (const [from, to] of [
    ['securityDefinitions', 'securitySchemes'],
    ['definitions', 'schemas'],
  ] as const) {
    const found = memberOf(doc, from)
    if (found === undefined || !given(found)) continue
    doc['components'] = { ...dictAt(doc, 'components'), [to]: found }
    delete doc[from]
  }
  for (const [path, item] of Object.entries(pathsOf(doc))) {
    if (!isDict(item)) {
      return invalidDocument(`Value of '${path}' path must be a dictionary according to Swagger spec.`)
    }
    const options = memberOf(item, 'options')
    if (options !== undefined && given(options)) normaliseOptions(path, options)
  }
}

function normaliseOptions(path: string, options: Value): void {
  if (!isDict(options)) {
    return invalidDocument(
      `Value of options method for path ${path} must be a dictionary according to Swagger spec.`,
    )
  }
  delete options['produces']
  delete options['consumes']
  const responses = memberOf(options, 'responses')
  if (responses === undefined || responses === null) return
  const step = (holder: Value | undefined, name: string, at: string): Value | undefined => {
    if (holder === undefined || holder === null) return undefined
    if (isDict(holder)) return memberOf(holder, name)
    const what = at === '' ? 'It should be a map' : `The value of '${at}' should be a map`
    return invalidDocument(`Invalid responses in options method for path ${path}: ${what}.`)
  }
  const headers = step(step(responses, '200', ''), 'headers', '200')
  if (headers === undefined || !given(headers)) return
  if (!isDict(headers)) {
    return invalidDocument(
      `Value of response's headers in options method for path ${path} must be a dictionary according to Swagger spec.`,
    )
  }
  for (const [name, value] of Object.entries(headers)) headers[name] = { schema: value }
}
