/** The queue of a mapping through SQS's own API, on the bill of the queue's owner. */
import { parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, accountId, regionOf } from '#base/ids.ts'
import { type Ms, seconds } from '#base/time.ts'
import type { Message } from '#model/sqs.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import type { SpanScope } from '#ports/spans.ts'
import { MESSAGES_PER_CALL, VISIBILITY_DEFAULT_MS } from '#services/lambda/event-sources/limits.ts'

export interface Receive {
  readonly max: number
  readonly waitSeconds: number
  readonly signal: AbortSignal
}

export class SourceQueue {
  readonly #api: Api
  readonly #as: ApiIdentity
  readonly #url: string

  constructor(api: Api, arn: string) {
    const { account = '', region = '', resource: name = '' } = parseArn(arn) ?? {}
    this.#api = api
    this.#as = { account: accountId(account) ?? DEFAULT_ACCOUNT, region: regionOf(region) ?? DEFAULT_REGION }
    this.#url = `https://sqs.${region}.amazonaws.com/${account}/${name}`
  }

  /** Faults: those of ReceiveMessage. */
  async receive({ max, waitSeconds, signal }: Receive): Promise<readonly Message[]> {
    const answer = await this.#api.call(
      'sqs',
      'ReceiveMessage',
      {
        QueueUrl: this.#url,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
      { ...this.#as, signal },
    )
    return answer.Messages ?? []
  }

  /** Those that cannot be deleted any more become visible again. Faults: those of DeleteMessageBatch. */
  async delete(handles: readonly string[], span?: SpanScope): Promise<void> {
    const calls: Promise<unknown>[] = []
    for (let at = 0; at < handles.length; at += MESSAGES_PER_CALL) {
      const part = handles.slice(at, at + MESSAGES_PER_CALL)
      const entries = part.map((handle, index) => ({ Id: `${at + index}`, ReceiptHandle: handle }))
      calls.push(
        this.#api.call(
          'sqs',
          'DeleteMessageBatch',
          { QueueUrl: this.#url, Entries: entries },
          { ...this.#as, span },
        ),
      )
    }
    await Promise.all(calls)
  }

  /** None of a queue that is gone. */
  async visibilityMs(): Promise<Ms> {
    try {
      const attributes = await this.attributes(['VisibilityTimeout'])
      const given = attributes['VisibilityTimeout']
      return given === undefined ? VISIBILITY_DEFAULT_MS : seconds(Number(given))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return 0
    }
  }

  /** Faults: those of GetQueueAttributes. */
  async attributes(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const answer = await this.#api.call(
      'sqs',
      'GetQueueAttributes',
      { QueueUrl: this.#url, AttributeNames: names },
      this.#as,
    )
    return answer.Attributes ?? {}
  }
}
