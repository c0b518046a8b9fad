/**
 * What an extension asks for when it subscribes to telemetry or logs: checked, with the bounds of the two APIs. Pure.
 * Source: Lambda developer guide, Telemetry API reference and Logs API; texts of refusals where documented, else ours.
 */
import { isRecord, numberAt, stringAt, valueAt } from '#base/json.ts'
import { type Result, failed, ok } from '#base/result.ts'
import type { SandboxListener } from '#ports/sandboxes.ts'
import { TELEMETRY_BUFFERING } from '#services/lambda/limits.ts'

export type TelemetryType = 'platform' | 'function' | 'extension'
const TYPES: readonly string[] = ['platform', 'function', 'extension'] satisfies TelemetryType[]

export interface Buffering {
  readonly maxItems: number
  readonly maxBytes: number
  readonly timeoutMs: number
}

export interface Subscription {
  readonly api: 'telemetry' | 'logs'
  readonly schemaVersion: string
  readonly to: SandboxListener
  readonly types: readonly TelemetryType[]
  readonly buffering: Buffering
}

const SCHEMAS = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
} as const

/** The subscription, or what is wrong with it in one text. */
export function subscriptionOf(body: unknown, api: Subscription['api']): Result<Subscription, string> {
  if (!isRecord(body)) return failed('The body is no JSON object')
  const problems: string[] = []
  const schemas: readonly string[] = SCHEMAS[api]
  const schemaVersion = stringAt(body, 'schemaVersion') ?? (api === 'logs' ? SCHEMAS.logs[0] : '')
  if (!schemas.includes(schemaVersion)) problems.push(`schemaVersion should be one of ${schemas.join(', ')}`)
  const to = listenerOf(valueAt(body, 'destination'), problems)
  const types = typesOf(valueAt(body, 'types'), problems)
  const buffering = bufferingOf(valueAt(body, 'buffering'), problems)
  if (problems.length > 0 || to === undefined) return failed(problems.join('; '))
  return ok({ api, schemaVersion, to, types, buffering })
}

function listenerOf(destination: unknown, problems: string[]): SandboxListener | undefined {
  const protocol = stringAt(destination, 'protocol') ?? 'HTTP'
  if (protocol !== 'HTTP' && protocol !== 'TCP') {
    problems.push('destination protocol should be HTTP or TCP')
    return undefined
  }
  const uri = stringAt(destination, 'URI') ?? ''
  const port = protocol === 'TCP' ? numberAt(destination, 'port') : undefined
  if (port !== undefined) return checked({ protocol, port, path: '/' }, problems)
  const parts = /^(https?|tcp):\/\/(sandbox(?:\.localdomain)?)(?::(\d+))?(\/\S*)?$/.exec(uri)
  if (parts === null) {
    problems.push('destination URI should be of the form http://sandbox.localdomain:{port}/{path}')
    return undefined
  }
  if (parts[3] === undefined) {
    problems.push('URI port is not provided')
    return undefined
  }
  return checked({ protocol, port: Number(parts[3]), path: parts[4] ?? '/' }, problems)
}

function checked(to: SandboxListener, problems: string[]): SandboxListener | undefined {
  if (Number.isInteger(to.port) && to.port > 0 && to.port < 65_536 && to.port !== 9_001) return to
  problems.push(`port ${to.port} cannot be subscribed with`)
  return undefined
}

function typesOf(types: unknown, problems: string[]): TelemetryType[] {
  const listed: readonly unknown[] = Array.isArray(types) ? types : []
  if (listed.length === 0) problems.push('types should not be empty')
  const known = listed.filter(isType)
  if (known.length < listed.length) problems.push(`types should be of ${TYPES.join(', ')}`)
  return known
}

const isType = (type: unknown): type is TelemetryType => typeof type === 'string' && TYPES.includes(type)

function bufferingOf(given: unknown, problems: string[]): Buffering {
  const of = (name: keyof Buffering): number => {
    const { min, max, default: usual } = TELEMETRY_BUFFERING[name]
    const value = valueAt(given, name) ?? usual
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    problems.push(`${name} should be between ${min} and ${max}`)
    return usual
  }
  return { maxItems: of('maxItems'), maxBytes: of('maxBytes'), timeoutMs: of('timeoutMs') }
}
