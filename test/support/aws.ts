/**
 * Small requests to AWS's APIs of a platform, for tests that look at the bytes: each protocol's form, a dummy
 * signature, and the answer as text. Real clients are tried in `test/clients`.
 */
import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type ZipEntry, zipOf } from '#engines/zip/write.ts'
import { utf8 } from '#base/bytes.ts'
import type { Platform } from './platform.ts'

export interface Sent {
  readonly method?: string
  /** With its query. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
  /** The service of the signature; without one the request is unsigned. */
  readonly service?: string
  /** The access key; twelve digits are the account. */
  readonly account?: string
  readonly region?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const ANSWER_MS = 60_000

/** A header as SigV4 writes it, with a signature that nobody can check. */
export function signature(service: string, account = '000000000000', region = 'us-east-1'): string {
  return `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`
}

/** One request over a connection of its own, so that no answer depends on an earlier one. */
export function send(to: Platform, sent: Sent): Promise<Answer> {
  const { method = 'POST', path = '/', body, service, account, region } = sent
  return new Promise((resolve, reject) => {
    const signed =
      service === undefined
        ? {}
        : {
            authorization: signature(service, account, region),
            'x-amz-date': '20260101T000000Z',
            // an unsigned payload: the body of a test is not hashed
            ...(service === 's3' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}),
          }
    const outgoing = request({
      host: '127.0.0.1',
      port: to.port,
      method,
      path,
      agent: false,
      headers: { ...signed, ...sent.headers },
    })
    outgoing.setTimeout(ANSWER_MS, () => outgoing.destroy(new Error(`no answer in ${ANSWER_MS} ms`)))
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(parts).toString(),
        }),
      )
    })
    outgoing.end(body)
  })
}

const TARGETS: Readonly<Record<string, string>> = { logs: 'Logs_20140328' }

/** An awsJson 1.1 operation, such as `logs.CreateLogGroup`. */
export async function json(
  to: Platform,
  what: `${string}.${string}`,
  input: unknown,
  as: Pick<Sent, 'account' | 'region'> = {},
): Promise<Answer> {
  const [service = '', operation = ''] = what.split('.')
  return await send(to, {
    ...as,
    service,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${TARGETS[service] ?? service}.${operation}`,
    },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  })
}

/** A REST operation: service, method and path, such as `lambda GET /2015-03-31/functions`. */
export async function rest(
  to: Platform,
  what: `${string} ${string} /${string}`,
  body?: unknown,
  as: Pick<Sent, 'account' | 'region' | 'headers'> = {},
): Promise<Answer> {
  const [service = '', method = '', path = ''] = what.split(' ')
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body === undefined
  return await send(to, { ...as, service, method, path, body: isRaw ? body : JSON.stringify(body) })
}

/** An awsQuery operation. */
export async function query(
  to: Platform,
  service: string,
  fields: Readonly<Record<string, string>>,
  as: Pick<Sent, 'account' | 'region'> = {},
): Promise<Answer> {
  return await send(to, {
    ...as,
    service,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
}

/** The text of an XML element, the first of that name. */
export function element(answer: Answer, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1]
}

/** Code, message and status of an error, whatever the protocol. */
export function errorOf(answer: Answer): { status: number; code: string; message: string } {
  const { status, body, headers } = answer
  if (body.startsWith('{')) {
    const parsed = JSON.parse(body) as Record<string, string | undefined>
    const code = String(headers['x-amzn-errortype'] ?? parsed['__type'] ?? '')
    return {
      status,
      code: code.replace(/^.*#/, '').replace(/:.*$/, ''),
      message: parsed['message'] ?? parsed['Message'] ?? '',
    }
  }
  return {
    status,
    code: element(answer, 'Code') ?? '',
    message: unescaped(element(answer, 'Message') ?? ''),
  }
}

const unescaped = (text: string): string =>
  text.replaceAll('&apos;', "'").replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')

/** A zip of texts. */
export function zip(files: Readonly<Record<string, string>>): Uint8Array {
  return zipOf(
    Object.entries(files).map(([name, body]): ZipEntry => ({
      name,
      bytes: utf8(body),
      executable: name === 'bootstrap',
    })),
  )
}

export interface FunctionWish {
  readonly name: string
  /** Source of `index.js`, or a whole package. */
  readonly code: string | Uint8Array
  readonly runtime?: string
  readonly handler?: string
  readonly timeoutSeconds?: number
  readonly memoryMb?: number
  readonly variables?: Readonly<Record<string, string>>
  readonly account?: string
}

/** CreateFunction, as it answers. */
export async function createFunction(to: Platform, wish: FunctionWish): Promise<Answer> {
  const bytes = typeof wish.code === 'string' ? zip({ 'index.js': wish.code }) : wish.code
  const input = {
    FunctionName: wish.name,
    Role: 'arn:aws:iam::000000000000:role/test',
    Runtime: wish.runtime ?? 'nodejs24.x',
    Handler: wish.handler ?? 'index.handler',
    Timeout: wish.timeoutSeconds ?? 10,
    MemorySize: wish.memoryMb ?? 256,
    Environment: { Variables: wish.variables ?? {} },
    Code: { ZipFile: Buffer.from(bytes).toString('base64') },
  }
  const as = wish.account === undefined ? {} : { account: wish.account }
  return await rest(to, 'lambda POST /2015-03-31/functions', input, as)
}

/** A function that is there to be invoked. */
export async function madeFunction(to: Platform, wish: FunctionWish): Promise<void> {
  const created = await createFunction(to, wish)
  assert.equal(created.status, 201, created.body)
  for (;;) {
    const as = wish.account === undefined ? {} : { account: wish.account }
    const got = await rest(to, `lambda GET /2015-03-31/functions/${wish.name}/configuration`, undefined, as)
    const state = (JSON.parse(got.body) as { State?: string }).State
    if (state === 'Active') return
    assert.equal(state, 'Pending', got.body)
    await new Promise((resume) => setTimeout(resume, 20))
  }
}

export interface Invoked {
  readonly status: number
  /** X-Amz-Function-Error. */
  readonly functionError: string | undefined
  readonly payload: string
  /** The decoded tail. */
  readonly log: string
}

export async function invoke(to: Platform, name: string, event: unknown = {}): Promise<Invoked> {
  const headers = { 'x-amz-log-type': 'Tail' }
  const path = `lambda POST /2015-03-31/functions/${name}/invocations` as const
  const answer = await rest(to, path, JSON.stringify(event), { headers })
  const functionError = answer.headers['x-amz-function-error']
  return {
    status: answer.status,
    functionError: functionError === undefined ? undefined : String(functionError),
    payload: answer.body,
    log: Buffer.from(String(answer.headers['x-amz-log-result'] ?? ''), 'base64').toString(),
  }
}
