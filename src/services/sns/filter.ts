/** Filter policies: compiled once for a subscription, asked for each message. The matcher is `engines/patterns`. */
import { Fault } from '#base/fault.ts'
import { parseJson } from '#base/json.ts'
import { filterableAttributes } from '#engines/patterns/message-attributes.ts'
import { compilePattern, type Pattern } from '#engines/patterns/pattern.ts'
import { filterPolicyMessage, type PatternProblem } from '#engines/patterns/problem.ts'
import { refused } from '#services/sns/faults.ts'
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
  const compiled = compilePattern(text, scope === 'MessageBody' ? 'sns-body' : 'sns-attributes')
  if (compiled.ok) return { scope, pattern: compiled.value }
  throw problemOf(compiled.error, operation)
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
      this.#attributes ??= filterableAttributes(
        Object.fromEntries(
          Object.entries(this.#message.attributes ?? {}).map(([name, { type, value }]) => [
            name,
            { DataType: type, StringValue: value },
          ]),
        ),
      )
      return filter.pattern.matches(this.#attributes)
    }
    const text = textFor(this.#message, protocol)
    if (!this.#bodies.has(text)) this.#bodies.set(text, parseJson(text))
    return filter.pattern.matches(this.#bodies.get(text))
  }
}
