/** Asynchronous invokes through a whole platform: accepted means executed, whatever becomes of the process. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { element, invoke, json, madeFunction, query, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { until } from './waiting.ts'

/** Where functions tell that they have run: outside of every platform, so that no crash forgets it. */
async function witness(): Promise<{ url: string; runs: Map<string, number>; close(): void }> {
  const runs = new Map<string, number>()
  const server = createServer((request, answer) => {
    const id = request.url?.slice(1) ?? ''
    runs.set(id, (runs.get(id) ?? 0) + 1)
    answer.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    runs,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const TELLS = 'exports.handler = async (event) => { await fetch(process.env.WITNESS + "/" + event.id) }'

async function event(on: Platform, name: string, payload: unknown): Promise<number> {
  const answer = await rest(on, `lambda POST /2015-03-31/functions/${name}/invocations`, payload, {
    headers: { 'x-amz-invocation-type': 'Event' },
  })
  return answer.status
}

test('every event that was accepted runs, though the platform is killed under load, again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-events-'))
  const seen = await witness()
  const accepted: string[] = []
  let on = await platform(['--data', folder])
  try {
    await madeFunction(on, { name: 'tells', code: TELLS, variables: { WITNESS: seen.url } })
    const reserved = { ReservedConcurrentExecutions: 4 }
    await rest(on, 'lambda PUT /2017-10-31/functions/tells/concurrency', reserved)
    for (let round = 0; round < 3; round++) {
      const over = new AbortController()
      const sender = async (who: number): Promise<void> => {
        for (let n = 0; !over.signal.aborted; n++) {
          const id = `${round}-${who}-${n}`
          const status = await event(on, 'tells', { id }).catch(() => 0)
          if (status === 202) accepted.push(id)
          else if (status !== 0) assert.equal(status, 202)
          else return
        }
      }
      const before = accepted.length
      const senders = [0, 1, 2, 3].map(sender)
      await until(async () => accepted.length - before > 80 + 40 * round)
      await on.kill()
      over.abort()
      await Promise.all(senders)
      on = await platform(['--data', folder])
    }
    await until(async () => accepted.every((id) => seen.runs.has(id)))
    assert.ok(accepted.length > 300, `${accepted.length} events`)
    const twice = accepted.filter((id) => (seen.runs.get(id) ?? 0) > 1).length
    assert.ok(twice < accepted.length / 4, `${twice} of ${accepted.length} ran more than once`)
    assert.equal(await on.stop(), 0)
  } finally {
    if (on.alive()) await on.kill()
    seen.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a clean stop under load loses no event either', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-events-'))
  const seen = await witness()
  let on = await platform(['--data', folder])
  try {
    await madeFunction(on, { name: 'tells', code: TELLS, variables: { WITNESS: seen.url } })
    const ids = Array.from({ length: 60 }, (_, n) => `${n}`)
    await Promise.all(ids.map(async (id) => assert.equal(await event(on, 'tells', { id }), 202)))
    assert.equal(await on.stop(), 0)
    on = await platform(['--data', folder])
    await until(async () => ids.every((id) => seen.runs.has(id)))
  } finally {
    if (on.alive()) await on.kill()
    seen.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

const SQS = { Version: '2012-11-05' }

/** The body of the queue's first message, if there is one. */
async function received(on: Platform, queueUrl: string): Promise<string | undefined> {
  const asked = { ...SQS, Action: 'ReceiveMessage', QueueUrl: queueUrl }
  const body = element(await query(on, 'sqs', asked), 'Body')
  return body?.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}

/** Runs of the function that have ended, by its log. */
async function ends(on: Platform, name: string): Promise<number> {
  const log = await json(on, 'logs.FilterLogEvents', { logGroupName: `/aws/lambda/${name}` })
  return [...log.body.matchAll(/END RequestId/g)].length
}

test('retries follow the clock, and the record of the failure arrives in the queue', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  try {
    const made = await query(on, 'sqs', { ...SQS, Action: 'CreateQueue', QueueName: 'failed' })
    const queueUrl = element(made, 'QueueUrl') ?? ''
    await madeFunction(on, {
      name: 'fails',
      code: 'let n = 0; exports.handler = async () => { throw new Error("failure " + ++n) }',
    })
    const arn = 'arn:aws:sqs:us-east-1:000000000000:failed'
    const put = await rest(on, 'lambda PUT /2019-09-25/functions/fails/event-invoke-config', {
      DestinationConfig: { OnFailure: { Destination: arn } },
    })
    assert.equal(put.status, 200, put.body)
    assert.equal(await event(on, 'fails', { some: 'event' }), 202)
    for (const [attempt, waitMs] of [60_000, 120_000].entries()) {
      await until(async () => (await ends(on, 'fails')) === attempt + 1)
      const moved = await send(on, {
        path: '/_windtunnel/clock',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ action: 'advance', ms: waitMs }),
      })
      assert.equal(moved.status, 200, moved.body)
    }
    let body: string | undefined
    await until(async () => (body = await received(on, queueUrl)) !== undefined)
    const record = JSON.parse(body ?? '{}') as Record<string, Record<string, unknown>>
    assert.equal(record['requestContext']?.['condition'], 'RetriesExhausted')
    assert.equal(record['requestContext']?.['approximateInvokeCount'], 3)
    assert.deepEqual(record['requestPayload'], { some: 'event' })
    assert.equal(record['responsePayload']?.['errorMessage'], 'failure 3')
  } finally {
    assert.equal(await on.stop(), 0)
  }
})

const AGAIN = `exports.handler = async (event) => {
  await fetch(process.env.WITNESS + '/run')
  const answer = await fetch(process.env.AWS_ENDPOINT_URL + '/2015-03-31/functions/loops/invocations', {
    method: 'POST',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00',
      'x-amz-invocation-type': 'Event',
      'x-amzn-trace-id': process.env._X_AMZN_TRACE_ID,
    },
    body: '{}',
  })
  if (answer.status !== 202) throw new Error(await answer.text())
}`

test('a function that invokes itself is stopped after 16 runs, and its dead-letter queue and a bucket hear of it', async () => {
  const on = await platform(['--memory'])
  const seen = await witness()
  try {
    const made = await query(on, 'sqs', { ...SQS, Action: 'CreateQueue', QueueName: 'dead' })
    const queueUrl = element(made, 'QueueUrl') ?? ''
    assert.equal((await rest(on, 's3 PUT /told-bucket')).status, 200)
    await madeFunction(on, { name: 'loops', code: AGAIN, variables: { WITNESS: seen.url } })
    const dead = { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead' } }
    const path = '/2015-03-31/functions/loops/configuration'
    assert.equal((await rest(on, `lambda PUT ${path}`, dead)).status, 200)
    const put = await rest(on, 'lambda PUT /2019-09-25/functions/loops/event-invoke-config', {
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::told-bucket' } },
    })
    assert.equal(put.status, 200, put.body)
    assert.equal(await event(on, 'loops', {}), 202)
    await until(async () => (await received(on, queueUrl)) === '{}')
    assert.equal(seen.runs.get('run'), 16)
    await until(async () =>
      (await rest(on, 's3 GET /told-bucket')).body.includes('<Key>aws/lambda/async/loops/'),
    )
  } finally {
    assert.equal(await on.stop(), 0)
    seen.close()
  }
})

test('a backlog of events of one function does not keep another one\u2019s callers waiting', async () => {
  const on = await platform(['--memory'])
  try {
    await madeFunction(on, { name: 'asked', code: 'exports.handler = async () => 2' })
    const hold = { ReservedConcurrentExecutions: 1 }
    await madeFunction(on, {
      name: 'held',
      code: 'exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 60_000))',
      timeoutSeconds: 120,
    })
    await rest(on, 'lambda PUT /2017-10-31/functions/held/concurrency', hold)
    const sender = async (): Promise<void> => {
      for (let n = 0; n < 500; n++) assert.equal(await event(on, 'held', { n }), 202)
    }
    await Promise.all(Array.from({ length: 8 }, sender))
    const took: number[] = []
    for (let n = 0; n < 50; n++) {
      const from = performance.now()
      assert.equal((await invoke(on, 'asked')).payload, '2')
      took.push(performance.now() - from)
    }
    const median = took.toSorted((a, b) => a - b)[25] ?? Infinity
    assert.ok(median < 50, `half of the calls took more than ${median.toFixed(1)} ms`)
  } finally {
    assert.equal(await on.stop(), 0)
  }
})
