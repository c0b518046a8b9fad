// What the console asks of the platform that serves it. Same origin, so no address is configured.
export interface Health {
  readonly version: string
  readonly profile: string
  readonly modes: Readonly<Record<string, unknown>>
  readonly services: Readonly<Record<string, { readonly operations: number; readonly notYet: number }>>
  readonly notices?: readonly string[]
  readonly clock?: { readonly virtual: boolean }
  readonly storage?: string
}

export interface Span {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly service: string
  readonly operation: string
  readonly resource?: string
  readonly start: number
  readonly durationMs: number
  readonly outcome: string
  readonly status?: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

export interface Environment {
  readonly id: string
  readonly functionArn: string
  readonly state: string
  readonly frozen: boolean
}

export interface FunctionConfiguration {
  readonly FunctionName: string
  readonly Runtime?: string
  readonly MemorySize?: number
  readonly Timeout?: number
  readonly State?: string
}

export interface HttpEndpoint {
  readonly id: string
  readonly name: string
  readonly kind: string
}

async function get(path: string): Promise<Response> {
  const response = await fetch(`/_windtunnel/${path}`, { cache: 'no-store' })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response
}

/** One of AWS's own operations, as the account 000000000000 in us-east-1; undefined where the platform refuses it. */
async function call(service: string, operation: string): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(`/_windtunnel/api/${service}/${operation}`, { method: 'POST', body: '{}' })
  return response.ok ? ((await response.json()) as Record<string, unknown>) : undefined
}

export async function health(): Promise<Health> {
  return (await (await get('health')).json()) as Health
}

export async function environments(): Promise<readonly Environment[]> {
  const answer = (await (await get('environments')).json()) as { environments?: readonly Environment[] }
  return answer.environments ?? []
}

export async function functions(): Promise<readonly FunctionConfiguration[]> {
  const answer = await call('lambda', 'ListFunctions')
  return (answer?.['Functions'] as readonly FunctionConfiguration[] | undefined) ?? []
}

export async function httpEndpoints(): Promise<readonly HttpEndpoint[]> {
  const [http, rest] = await Promise.all([call('apigatewayv2', 'GetApis'), call('apigateway', 'GetRestApis')])
  const apis = (http?.['Items'] ?? []) as { ApiId: string; Name: string }[]
  const restApis = (rest?.['items'] ?? []) as { id: string; name: string }[]
  return [
    ...apis.map(({ ApiId, Name }) => ({ id: ApiId, name: Name, kind: 'HTTP API' })),
    ...restApis.map(({ id, name }) => ({ id, name, kind: 'REST API' })),
  ]
}

async function spans(query: string): Promise<readonly Span[]> {
  const text = await (await get(`spans?${query}`)).text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Span)
}

/** Spans that began at or after that time, oldest first, at most `limit`. */
export const spansSince = async (from: number, limit: number): Promise<readonly Span[]> =>
  await spans(`from=${from}&limit=${limit}`)

export const spansOf = async (traceId: string): Promise<readonly Span[]> => await spans(`trace=${traceId}`)
