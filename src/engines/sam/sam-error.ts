/**
 * What is wrong with a SAM template, in the SAM transform's words. A `SamInvalid` ends the transform of one resource
 * and is collected; a `SamRefused` ends the whole transform. Nothing outside this folder sees either: `transformSam`
 * answers a `SamError`.
 */
export interface SamError {
  /** The whole text, as CloudFormation prints it behind "Transform AWS::Serverless-2016-10-31 failed with: ". */
  readonly message: string
  readonly errors: readonly string[]
}

/** One resource or event that cannot be transformed. */
export class SamInvalid extends Error {
  override readonly name = 'SamInvalid'
}

/** A document that cannot be transformed at all. */
export class SamRefused extends Error {
  override readonly name = 'SamRefused'
  readonly causes: readonly string[]
  constructor(causes: readonly string[]) {
    super(causes.join(' '))
    this.causes = causes
  }
}

/** An event's fault; the resource that holds the event puts its own id before it. */
export class EventInvalid extends Error {
  override readonly name = 'EventInvalid'
}

export function invalidResource(logicalId: string, message: string): never {
  throw new SamInvalid(resourceText(logicalId, message))
}

export const resourceText = (logicalId: string, message: string): string =>
  `Resource with id [${logicalId}] is invalid. ${message}`

/** A value as SAM's errors print it: text as it is, the rest in Python's spelling. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : python(value)
}

function python(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `${python(name)}: ${python(member)}`)
    .join(', ')}}`
}

export function invalidEvent(eventId: string, message: string): never {
  throw new EventInvalid(`Event with id [${eventId}] is invalid. ${message}`)
}

export const structureText = (message: string): string =>
  `Structure of the SAM template is invalid. ${message}`

export function invalidDocument(message: string): never {
  throw new SamRefused([structureText(message)])
}

/** Source: the SAM transform's answer to CloudFormation. */
export function samError(causes: readonly string[]): SamError {
  // By the id they name: `Api]` stands before `ApiWithBody]`.
  const key = (text: string): string => text.replaceAll(']', ' ')
  const errors = [...new Set(causes)].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const head = `Invalid Serverless Application Specification document. Number of errors found: ${errors.length}.`
  return { message: [head, ...errors].join(' '), errors }
}
