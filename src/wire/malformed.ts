/**
 * The wire's own refusals: bodies that cannot be read and values of the wrong type. Each protocol family spells them
 * differently; the texts follow answers recorded from AWS where there are any. Failed constraints: `validate.ts`.
 */
import { Fault } from '#base/fault.ts'

/** A JSON or CBOR body, or a bound value of a JSON service, that cannot be read. Source: recorded AWS answers. */
export const serialization = (message: string): Fault =>
  new Fault('SerializationException', message, { status: 400 })

/** Source: S3 API reference, list of error codes, MalformedXML. */
export const malformedXml = (): Fault =>
  new Fault(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
    { status: 400 },
  )

/** A header, label or query value of an XML service. Source: S3 API reference, list of error codes, InvalidArgument. */
export const invalidArgument = (name: string, value: string): Fault =>
  new Fault('InvalidArgument', `Provided value for parameter ${name} is not valid`, {
    status: 400,
    members: { ArgumentName: name, ArgumentValue: value },
  })

/** A form that cannot be read. Source: common errors of query services, MalformedQueryString. */
export const malformedQuery = (message: string): Fault =>
  new Fault('MalformedQueryString', message, { status: 400 })

/** Source: common errors of query services: a value of the wrong type. */
export const malformedInput = (message: string): Fault =>
  new Fault('MalformedInput', message, { status: 400 })

/** A body beyond the operation's bound. Source: recorded answer of Lambda; other services' words are inferred. */
export const tooLarge = (limitBytes: number, operation = ''): Fault =>
  new Fault(
    'RequestEntityTooLargeException',
    `Request must be smaller than ${limitBytes} bytes${operation === '' ? '' : ` for the ${operation} operation`}`,
    { status: 413 },
  )

/** How the JSON readers of AWS's services name what they found. Source: recorded AWS answers. */
export function nameOfFound(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE'
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE'
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'
  if (typeof value === 'bigint') return 'NUMBER_VALUE'
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT'
}

/** Source: recorded AWS answers; the article before the type varies between services. */
export function wrongType(found: unknown, wanted: string): Fault {
  if (typeof found === 'object' && found !== null && !(found instanceof Uint8Array))
    return serialization(
      Array.isArray(found)
        ? 'Start of list found where not expected'
        : 'Start of structure or map found where not expected.',
    )
  if (wanted === 'List' || wanted === 'Map' || wanted === 'Structure')
    return serialization('Unexpected field type')
  return serialization(`${nameOfFound(found)} can not be converted to ${wanted}`)
}
