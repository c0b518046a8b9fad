/** The wire over the committed tables, and requests the way the platform takes them in. Shared by the tests beside it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { HttpRequest, HttpResponse } from '#ports/http.ts'
import { bodyOf } from '#wire/bodies.ts'
import { withForm } from '#wire/forms.ts'
import { type Answering, Wires } from '#wire/wire.ts'

const data = join(import.meta.dirname, '..', '..', 'src', 'model', 'data')
const tableOf = (name: string): unknown => JSON.parse(readFileSync(join(data, `${name}.json`), 'utf8'))
export const wires = new Wires(tableOf('index'), tableOf)
export const ID = '8a1b4c1e-0000-4000-8000-000000000001'
export const answering: Answering = { requestId: ID, method: 'POST', headers: {} }

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

export function requestOf(sent: Sent): HttpRequest {
  const bytes = typeof sent.body === 'string' ? utf8(sent.body) : (sent.body ?? new Uint8Array(0))
  return {
    method: sent.method ?? 'POST',
    path: sent.path ?? '/',
    query: sent.query ?? '',
    headers: sent.headers ?? {},
    rawHeaders: [],
    host: 'localhost',
    hostPort: 'localhost:4566',
    body: bodyOf(bytes),
    remote: { address: '127.0.0.1', port: 1 },
  }
}

export const signed = (service: string): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20261125/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
})

/** The whole way in, as the platform goes it. */
export async function into(
  sent: Sent,
): Promise<{ service: string; operation: string; protocol: string; input: Record<string, unknown> }> {
  const { request, form } = await withForm(requestOf(sent))
  const identified = wires.identify(request, form)
  if (identified.kind === 'unknown') throw identified.fault
  const wire = wires.of(identified.service)
  const target = wire.recognise(request, identified)
  const input = await wire.decode(target, request)
  const fault = wire.validate(target.operation, input)
  if (fault !== undefined) throw fault
  return { service: identified.service, operation: target.operation, protocol: target.protocol, input }
}

export const faultOf = async (sent: Sent): Promise<Fault> => {
  try {
    await into(sent)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  return assert.fail('the request was accepted')
}

export const json = (target: string, body: string): Sent => ({
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target },
  body,
})

/** The body of an answer that is text. */
export const bodyText = ({ body }: HttpResponse): string => (typeof body === 'string' ? body : '')
