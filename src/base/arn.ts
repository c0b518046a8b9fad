/** ARNs: the only place that takes one apart or puts one together. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  /** Everything after the fifth colon, colons and slashes included. */
  readonly resource: string
}

/** The parts, or undefined when the text is no ARN. */
export function parseArn(value: string): Arn | undefined {
  const parts = value.split(':')
  if (parts.length < 6 || parts[0] !== 'arn') return undefined
  const [, partition = '', service = '', region = '', account = '', ...resource] = parts
  if (partition === '' || service === '') return undefined
  return { partition, service, region, account, resource: resource.join(':') }
}

export function printArn(arn: Omit<Arn, 'partition'> & { readonly partition?: string }): string {
  return `arn:${arn.partition ?? 'aws'}:${arn.service}:${arn.region}:${arn.account}:${arn.resource}`
}

/** How many parts a text has that should be an ARN: some refusals count them. */
export const arnElements = (value: string): number => value.split(':').length

/** The six parts of an ARN, or of a pattern for one: the last keeps its colons, and a pattern may have fewer. */
export function arnParts(value: string): readonly string[] {
  const parts = value.split(':')
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')]
}
