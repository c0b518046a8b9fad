/**
 * What must hold of a table before it is written: references resolve, patterns compile and cannot be made to backtrack for
 * long, every REST operation is found by its own request, and both sources agree on the wire. A difference between the
 * sources that is known stands in differences.json, with its reason; a new one fails.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { javaPattern } from '#wire/java.ts'
import { Model } from '#wire/model.ts'
import type { Kind, Member, ServiceTable } from '#wire/table.ts'
import type { Pair } from '#wire/uri.ts'
import { Wire } from '#wire/wire.ts'
import { literalsOf } from '#wire/router.ts'
import { bodyOf } from '#wire/bodies.ts'
import { EMPTY } from '#base/bytes.ts'
import type { SdkMember, SdkModel } from './from-sdk.ts'

/** Differences that are known: a regular expression over their text, and why they may be. */
const ALLOWED = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'differences.json'), 'utf8')) as {
    what: string
    why: string
  }[]
).map(({ what }) => new RegExp(`^(?:${what})$`))

export function checkTable(table: ServiceTable, base: ServiceTable, sdk: SdkModel): string[] {
  const found = [
    ...references(table),
    ...patterns(table),
    ...templates(table),
    ...differences(base, sdk),
  ].filter((text) => !ALLOWED.some((allowed) => allowed.test(`${table.service} ${text}`)))
  return found.map((text) => `${table.service} ${text}`)
}

function references(table: ServiceTable): string[] {
  const missing: string[] = []
  const look = (name: string | undefined, from: string): void => {
    if (name !== undefined && table.shapes[name] === undefined)
      missing.push(`${from} refers to ${name}, which is not there`)
  }
  for (const [name, { in: input, out, errs = [] }] of Object.entries(table.operations))
    for (const shape of [input, out, ...errs]) look(shape, name)
  for (const [name, shape] of Object.entries(table.shapes)) {
    for (const [key, member] of Object.entries(shape.m ?? {})) look(member.s, `${name}.${key}`)
    for (const member of [shape.e, shape.k, shape.v]) look(member?.s, name)
  }
  return missing
}

/** Longest that a pattern may take over a text made to provoke it. */
const PROBE_MS = 50
const PROBES = ['a', '0', '-', '/', ':', '.', ' ', '_', 'a-', 'a.', 'a/', 'A0', 'arn:aws:', 'a:']

function patterns(table: ServiceTable): string[] {
  const trouble: string[] = []
  const seen = new Set(Object.values(table.shapes).flatMap(({ pat, safe }) => safe ?? pat ?? []))
  for (const pattern of seen) {
    const compiled = javaPattern(pattern)
    if (compiled === null) {
      trouble.push(`pattern does not compile: ${pattern}`)
      continue
    }
    for (const probe of PROBES) {
      const text = `${probe.repeat(26)}\0`
      const from = performance.now()
      compiled.test(text)
      compiled.test(`arn:aws:lambda:us-east-1:000000000000:function:${text}`)
      if (performance.now() - from > PROBE_MS) trouble.push(`pattern backtracks over ${probe}: ${pattern}`)
    }
  }
  return trouble
}

/** A request for an operation with nothing but what its binding demands. */
function templates(table: ServiceTable): string[] {
  const protocol = table.protocols.find((each) => each === 'restJson1' || each === 'restXml')
  if (protocol === undefined) return []
  const wire = new Wire(table)
  const model = new Model(table)
  return Object.entries(table.operations).flatMap(([name, operation]) => {
    if (operation.http === undefined) return []
    const [method, uri] = operation.http
    const path = (uri.split('?')[0] ?? '').replaceAll(/\{[^}]+\}/g, 'x')
    const required = model.members(operation.in).filter(([, member]) => member.req === 1)
    const keys = required.flatMap(([key, member]): Pair[] =>
      member.at === 'query' ? [[member.w ?? key, '1']] : [],
    )
    const query = [...literalsOf(uri), ...keys].map(([key, value]) => `${key}=${value}`).join('&')
    const headers = Object.fromEntries(
      required.flatMap(([key, member]) =>
        member.at === 'header' ? [[(member.w ?? key).toLowerCase(), '1']] : [],
      ),
    )
    const request = {
      method,
      path: table.path?.startsWith('*') === true ? `/stage${path}` : path,
      query,
      headers,
      rawHeaders: [],
      host: 'localhost',
      hostPort: 'localhost',
      body: bodyOf(EMPTY),
      remote: { address: '', port: 0 },
    }
    const reached = wire.recognise(request, { protocol, operation: undefined }).operation
    const isTwin = table.operations[reached]?.http?.[1] === uri && (operation.deprecated ?? 0) === 1
    return reached === name || isTwin ? [] : [`${name} is not reached by ${method} ${uri}: ${reached} is`]
  })
}

const NUMBERS: ReadonlySet<Kind> = new Set(['byte', 'short', 'integer', 'long', 'float', 'double'] as const)

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What the SDK says of a member, in botocore's words. */
function sdkPlace(member: SdkMember): string {
  const { traits } = member
  if (traits['httpLabel'] !== undefined) return 'label'
  if (traits['httpQuery'] !== undefined) return `query ${textOf(traits['httpQuery'])}`
  if (traits['httpHeader'] !== undefined) return `header ${textOf(traits['httpHeader']).toLowerCase()}`
  if (traits['httpPrefixHeaders'] !== undefined)
    return `headers ${textOf(traits['httpPrefixHeaders']).toLowerCase()}`
  if (traits['httpQueryParams'] !== undefined) return 'queries'
  if (traits['httpPayload'] !== undefined) return 'payload'
  return traits['httpResponseCode'] === undefined ? 'body' : 'status'
}

function place(name: string, member: Member): string {
  if (member.at === undefined) return 'body'
  if (member.at === 'label' || member.at === 'payload' || member.at === 'status' || member.at === 'queries')
    return member.at
  return `${member.at} ${member.at === 'query' ? (member.w ?? name) : (member.w ?? name).toLowerCase()}`
}

function kindGroup(kind: Kind): string {
  if (NUMBERS.has(kind)) return 'number'
  return kind
}

/** Simple targets of the SDK's schemas: low bits of the number. */
function sdkKind(target: string | number, sdk: SdkModel): string | undefined {
  if (typeof target === 'string') {
    const kind = sdk.shapes.get(target)?.kind
    return kind === 'simple' ? undefined : kind
  }
  if (target >= 128) return 'map'
  if (target >= 64) return 'list'
  if (target === 0) return 'string'
  if (target === 1 || target === 17 || target === 19) return 'number'
  if (target === 2) return 'boolean'
  if (target >= 4 && target <= 7) return 'timestamp'
  if (target === 21 || target === 42) return 'blob'
  return target === 15 ? 'document' : undefined
}

function differences(base: ServiceTable, sdk: SdkModel): string[] {
  const found: string[] = []
  for (const [name, shape] of Object.entries(base.shapes)) {
    const other = sdk.shapes.get(name)
    if (other === undefined) continue
    for (const [key, member] of Object.entries(shape.m ?? {})) {
      const twin = other.members[key]
      if (twin === undefined) continue
      const [ours, theirs] = [place(key, member), sdkPlace(twin)]
      if (ours !== theirs) found.push(`${name}.${key}: ${ours} or ${theirs}`)
      const kind = kindGroup(base.shapes[member.s]?.t ?? 'string')
      const sdkOne = sdkKind(twin.target, sdk)
      const isUnion = kind === 'structure' && sdkOne === 'union'
      if (sdkOne !== undefined && sdkOne !== kind && !isUnion)
        found.push(`${name}.${key}: ${kind} or ${sdkOne}`)
    }
  }
  for (const name of Object.keys(base.operations))
    if (!sdk.operations.has(name)) found.push(`${name}: only in botocore`)
  for (const name of sdk.operations.keys())
    if (base.operations[name] === undefined) found.push(`${name}: only in the SDK`)
  return found
}
