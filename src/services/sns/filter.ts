/** Filter policies: compiled once for a subscription, asked for each message. The matcher is `engines/patterns`. */
import { Fault } from '#base/fault.ts'
import { parseJson } from '#base/json.ts'
import { filterableAttributes } from '#engines/patterns/message-attributes.ts'
import { compilePattern, type Pattern } from '#engines/patterns/pattern.ts'
import { filterPolicyMessage, type PatternProblem } from '#engines/patterns/problem.ts'
import { refused } from '#services/sns/faults.ts'
import { fiveDecimals, mayBeFiner } from '#services/sns/five-decimals.ts'
import { type Message, textFor } from '#services/sns/message.ts'

export type FilterScope = 'MessageAttributes' | 'MessageBody'

export interface Filter {
  readonly scope: FilterScope
  readonly pattern: Pattern
}

/** Faults InvalidParameter, InternalError, in AWS's texts. Source: recorded AWS answers. */
export function compileFilter(
  text: string,
  scope: FilterScope,
  operation: 'Subscribe' | 'SetSubscriptionAttributes',
): Filter {
  const dialect = scope === 'MessageBody' ? 'sns-body' : 'sns-attributes'
  const compiled = compilePattern(text, dialect)
  if (!compiled.ok) throw problemOf(compiled.error, operation)
  if (!mayBeFiner(text)) return { scope, pattern: compiled.value }
  // Bounds that five decimals do not tell apart are no range: such a policy stays as it is.
  const coarse = compilePattern(JSON.stringify(fiveDecimals(parseJson(text))), dialect)
  return { scope, pattern: coarse.ok ? coarse.value : compiled.value }
}

function problemOf(problem: PatternProblem, operation: 'Subscribe' | 'SetSubscriptionAttributes'): Fault {
  const message = filterPolicyMessage(problem, operation)
  return problem.kind === 'internal' ? new Fault('InternalErrorException', message) : refused(message)
}

/** A message as filter policies see it: each form of it is made once, when a policy first asks for it. */
export class Filterable {
  readonly #message: Message
  #attributes: unknown
  readonly #bodies = new Map<string, unknown>()

  constructor(message: Message) {
    this.#message = message
  }

  /** A body that is no JSON object matches nothing. Source: SNS developer guide, Payload-based filtering. */
  matches(filter: Filter, protocol: string): boolean {
    if (filter.scope === 'MessageAttributes') {
      this.#attributes ??= attributesOf(this.#message)
      return filter.pattern.matches(this.#attributes)
    }
    const text = textFor(this.#message, protocol)
    if (!this.#bodies.has(text)) this.#bodies.set(text, comparable(text, parseJson(text)))
    return filter.pattern.matches(this.#bodies.get(text))
  }
}

/** What the text says, its numbers no finer than filters compare them. */
const comparable = (text: string, value: unknown): unknown => (mayBeFiner(text) ? fiveDecimals(value) : value)

function attributesOf({ attributes = {} }: Message): unknown {
  const all = Object.entries(attributes)
  const filterable = filterableAttributes(
    Object.fromEntries(all.map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }])),
  )
  return comparable(all.map(([, { value }]) => value).join(' '), filterable)
}
