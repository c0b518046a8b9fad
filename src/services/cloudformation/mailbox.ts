/**
 * Letters to providers outside: a custom resource's function, whoever signals a wait condition. Each has an address of
 * ours in it, in the form of a presigned S3 URL, to which the answer is put; the handler waits for it on the platform's
 * clock. Letters and answers are kept, so that a start of the platform goes on waiting for what was sent before.
 */
import { hex } from '#base/bytes.ts'
import { uuid } from '#base/ids.ts'
import { type Instant, instant, isoSeconds, later, type Ms } from '#base/time.ts'
import { HandlerFailure, Interrupted } from '#services/cloudformation/interruption.ts'
import { type LetterRecord, letters } from '#services/cloudformation/records.ts'
import type { Mailbox } from '#services/cloudformation/resources/handler.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'

export interface MailboxOf {
  readonly uuid: string
  readonly logicalId: string
  readonly stackId: string
  readonly attempt: string
  /** The bucket that AWS's address names, without the region. */
  readonly bucket: string
}

export function mailboxOf(state: CloudFormationState, owner: Owner, of: MailboxOf): Mailbox {
  const name = [of.uuid, of.logicalId]
  const current = async (): Promise<LetterRecord | undefined> =>
    await letters.get(state.store.read, owner, ...name)
  const put = (record: LetterRecord): Promise<void> =>
    state.store.tx((tx) => letters.put(tx, owner, name, record))
  return {
    async open(purpose, timeoutMs) {
      const attempt = `${of.attempt} ${purpose}`
      const known = await current()
      const record = known?.attempt === attempt ? known : fresh(state, attempt, timeoutMs)
      if (record !== known) await put(record)
      return {
        requestId: record.requestId,
        url: urlOf(state, owner, of, record),
        until: instant(record.until),
        sent: record.sent,
      }
    },
    async noteSent() {
      const record = await current()
      if (record !== undefined) await put({ ...record, sent: true })
    },
    async answers(count, until) {
      for (;;) {
        const answers = (await current())?.answers ?? []
        if (until <= state.ports.clock.now() || answers.length >= count) return answers
        await arrival(state, letterId(of.stackId, of.logicalId), until)
      }
    },
    close: () => state.store.tx((tx) => letters.delete(tx, owner, ...name)),
  }
}

const fresh = (state: CloudFormationState, attempt: string, timeoutMs: Ms): LetterRecord => ({
  attempt,
  requestId: uuid(state.ports.random),
  signature: hex(state.ports.random.bytes(32)),
  until: later(state.ports.clock.now(), timeoutMs),
  sent: false,
  answers: [],
})

export const letterId = (stackId: string, logicalId: string): string => `${stackId}|${logicalId}`

/** As AWS's: bucket, then stack, resource and request in the key, then the proof in the query. */
function urlOf(
  state: CloudFormationState,
  [account, region]: Owner,
  of: MailboxOf,
  record: LetterRecord,
): string {
  const key = encodeURIComponent(`${letterId(of.stackId, of.logicalId)}|${record.requestId}`)
  const stamp = isoSeconds(state.ports.clock.now()).replace(/[-:]/g, '')
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Date=${stamp}`,
    'X-Amz-SignedHeaders=host',
    'X-Amz-Expires=7200',
    `X-Amz-Credential=${account}%2F${stamp.slice(0, 8)}%2F${region}%2Fs3%2Faws4_request`,
    `X-Amz-Signature=${record.signature}`,
  ]
  const bucket = `${of.bucket}-${region.replaceAll('-', '')}`
  return `${state.ports.endpoint()}/${bucket}/${key}?${query.join('&')}`
}

/** Resolves when something has come for the letter or its time is over. */
function arrival(state: CloudFormationState, id: string, until: Instant): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      alarm.cancel()
      state.waiting.delete(id)
      settle()
    }
    const alarm = state.ports.clock.wakeAt(until, () => done(resolve))
    state.waiting.set(id, {
      arrived: () => done(resolve),
      interrupt: () => done(() => reject(new Interrupted())),
      cancel: () => done(() => reject(new HandlerFailure('Resource update cancelled'))),
    })
    if (state.stopping) done(() => reject(new Interrupted()))
  })
}

export type Receipt = 'taken' | 'unknown' | 'refused'

/** An answer put to the address of a letter. */
export async function receive(
  state: CloudFormationState,
  owner: Owner,
  letter: { readonly uuid: string; readonly stackId: string; readonly logicalId: string },
  proof: { readonly requestId: string; readonly signature: string; readonly body: string },
): Promise<Receipt> {
  const name = [letter.uuid, letter.logicalId]
  const taken = await state.store.tx(async (tx): Promise<Receipt> => {
    const record = await letters.get(tx, owner, ...name)
    if (record === undefined || record.requestId !== proof.requestId) return 'unknown'
    if (record.signature !== proof.signature) return 'refused'
    letters.put(tx, owner, name, { ...record, answers: [...record.answers, proof.body] })
    return 'taken'
  })
  if (taken === 'taken') state.waiting.get(letterId(letter.stackId, letter.logicalId))?.arrived()
  return taken
}
