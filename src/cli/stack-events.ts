/**
 * What happens to a stack's resources while it is deployed, as lines: from DescribeStackEvents, however many pages
 * there are. Not here: how the deployment is begun, and how its end is seen.
 */
import { stringAt } from '#base/json.ts'
import { type PlatformClient, listAt } from '#cli/client.ts'

const STACK = 'AWS::CloudFormation::Stack'

type Caller = Pick<PlatformClient, 'call'>

const eventId = (event: unknown): string => stringAt(event, 'EventId') ?? ''

/** The events of a stack from one on, each once, however many pages they fill. */
export class StackEvents {
  readonly #client: Caller
  readonly #stack: string
  #last: string

  /** `last` is the id of the newest event that is known. */
  constructor(client: Caller, stack: string, last: string) {
    this.#client = client
    this.#stack = stack
    this.#last = last
  }

  static async fromNowOn(client: Caller, stack: string): Promise<StackEvents> {
    const page = await client.call('cloudformation', 'DescribeStackEvents', { StackName: stack })
    return new StackEvents(client, stack, eventId(listAt(page, 'StackEvents')[0]))
  }

  /** What came since the last call, oldest first. */
  async fresh(): Promise<readonly unknown[]> {
    // pages go back in time; one that came meanwhile moves them, so that an event may stand on two
    const found = new Map<string, unknown>()
    let next: string | undefined
    do {
      const page = await this.#client.call('cloudformation', 'DescribeStackEvents', {
        StackName: this.#stack,
        ...(next === undefined ? {} : { NextToken: next }),
      })
      next = stringAt(page, 'NextToken')
      for (const event of listAt(page, 'StackEvents')) {
        if (eventId(event) === this.#last) {
          next = undefined
          break
        }
        found.set(eventId(event), event)
      }
    } while (next !== undefined)
    const events = [...found.values()]
    this.#last = eventId(events[0] ?? { EventId: this.#last })
    return events.reverse()
  }
}

/** One line for each change of a resource's status, with how many of the changes are done. */
export class ShownEvents {
  readonly #step: (line: string) => void
  readonly #events: StackEvents
  readonly #changes: number
  readonly #statuses = new Map<string, string>()
  readonly #done = new Set<string>()
  /** The first failure, with its reason. */
  failure: string | undefined

  constructor(events: StackEvents, changes: number, step: (line: string) => void) {
    this.#step = step
    this.#events = events
    this.#changes = changes
  }

  async more(): Promise<void> {
    for (const event of await this.#events.fresh()) this.#show(event)
  }

  #show(event: unknown): void {
    const status = stringAt(event, 'ResourceStatus') ?? ''
    const name = stringAt(event, 'LogicalResourceId') ?? ''
    const type = stringAt(event, 'ResourceType') ?? ''
    const reason = stringAt(event, 'ResourceStatusReason') ?? status
    const failed = status.endsWith('FAILED')
    if (failed) this.failure ??= `${name}: ${reason}`
    // AWS says CREATE_IN_PROGRESS once more when the resource has its name
    const key = `${type} ${name}`
    if (this.#statuses.get(key) === status) return
    this.#statuses.set(key, status)
    if (status.endsWith('_COMPLETE') && type !== STACK) this.#done.add(key)
    const total = String(this.#changes)
    // a change that turned out to be none has no events of its own
    const isEnd = type === STACK && /^(CREATE|UPDATE)_COMPLETE$/.test(status)
    const count = isEnd ? this.#changes : Math.min(this.#done.size, this.#changes)
    const done = `${String(count).padStart(total.length)} of ${total}`
    this.#step(`${done}  ${status.padEnd(28)} ${name}${failed ? `  ${reason}` : ''}`)
  }
}
