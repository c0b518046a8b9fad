// What the console asks of the platform that serves it. Same origin, so no address is configured.
export interface Health {
  readonly version: string
  readonly profile: string
  readonly modes: Readonly<Record<string, unknown>>
  readonly services: Readonly<Record<string, { readonly operations: number; readonly notYet: number }>>
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

async function get(path: string): Promise<Response> {
  const response = await fetch(`/_windtunnel/${path}`)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response
}

export async function health(): Promise<Health> {
  return (await (await get('health')).json()) as Health
}

export async function environments(): Promise<readonly Environment[]> {
  const answer = (await (await get('environments')).json()) as { environments?: readonly Environment[] }
  return answer.environments ?? []
}

/** Spans that began at or after that time, oldest first, at most `limit`. */
export async function spansSince(from: number, limit: number): Promise<readonly Span[]> {
  const text = await (await get(`spans?from=${from}&limit=${limit}`)).text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Span)
}
