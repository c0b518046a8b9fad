/**
 * A queue for the tests of mappings, through the `api` port of `fakeLambda`: messages that are sent to it go to the poll
 * that has waited longest, or wait themselves. It forgets nothing that was not deleted.
 */
import { Fault } from '#base/fault.ts'
import { isRecord, numberAt, stringAt, valueAt } from '#base/json.ts'
import type { Message } from '#model/sqs.ts'
import type { ApiIdentity } from '#ports/api.ts'
import type { FakeLambda } from '#services/lambda/fake-platform.ts'

interface WaitingPoll {
  readonly max: number
  answer(messages: readonly Message[]): void
}

export class FakeQueue {
  readonly deleted: string[] = []
  /** Of every poll: how long it would wait, and for how many. */
  readonly polls: { readonly wait: number; readonly max: number }[] = []
  visibilitySeconds = 30
  isGone = false
  #ready: Message[] = []
  #waiting: WaitingPoll[] = []
  #sent = 0

  constructor(fake: FakeLambda) {
    fake.answers['sqs:ReceiveMessage'] = (input, as) => this.#receive(input, as)
    fake.answers['sqs:DeleteMessageBatch'] = (input) => this.#delete(input)
    fake.answers['sqs:GetQueueAttributes'] = () => {
      this.#check()
      return { Attributes: { VisibilityTimeout: String(this.visibilitySeconds) } }
    }
  }

  /** Polls that wait. */
  get parked(): number {
    return this.#waiting.length
  }

  /** Messages that were received or wait, and are not deleted. */
  get sent(): number {
    return this.#sent
  }

  /** Bodies in order; their ids are `m1`, `m2`, ... and their handles `h1`, `h2`, ... */
  send(bodies: readonly string[], trace?: string): void {
    for (const body of bodies) {
      const n = ++this.#sent
      this.#ready.push({
        MessageId: `m${n}`,
        ReceiptHandle: `h${n}`,
        Body: body,
        MD5OfBody: '',
        Attributes: { SentTimestamp: '0', ...(trace === undefined ? {} : { AWSTraceHeader: trace }) },
      })
    }
    this.#serve()
  }

  /** All polls that wait end empty. */
  timeOut(): void {
    const all = this.#waiting
    this.#waiting = []
    for (const poll of all) poll.answer([])
  }

  #serve(): void {
    while (this.#ready.length > 0) {
      const poll = this.#waiting.shift()
      if (poll === undefined) return
      poll.answer(this.#ready.splice(0, poll.max))
    }
  }

  #check(): void {
    if (this.isGone) throw new Fault('QueueDoesNotExist', 'The specified queue does not exist.')
  }

  #receive(input: unknown, as: ApiIdentity | undefined): Promise<unknown> {
    this.#check()
    const max = numberAt(input, 'MaxNumberOfMessages') ?? 1
    this.polls.push({ wait: numberAt(input, 'WaitTimeSeconds') ?? 0, max })
    return new Promise((resolve) => {
      const poll: WaitingPoll = { max, answer: (messages) => resolve({ Messages: messages }) }
      const gone = (): void => {
        if (!this.#waiting.includes(poll)) return
        this.#waiting = this.#waiting.filter((each) => each !== poll)
        poll.answer([])
      }
      as?.signal?.addEventListener('abort', gone, { once: true })
      this.#waiting.push(poll)
      this.#serve()
    })
  }

  #delete(input: unknown): unknown {
    this.#check()
    const entries = valueAt(input, 'Entries')
    for (const entry of Array.isArray(entries) ? entries : []) {
      if (isRecord(entry)) this.deleted.push(stringAt(entry, 'ReceiptHandle') ?? '')
    }
    return { Successful: [], Failed: [] }
  }
}
