/** Every operation of every table, in every protocol that its service may be spoken to: nothing throws but faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { Protocol, ServiceTable, Shape } from '#wire/table.ts'
import { Wire } from '#wire/wire.ts'
import { answering, requestOf, wires } from './intake.ts'

/** A value of a shape, some levels deep: enough to compile and run each reader and writer. */
function sample(table: ServiceTable, name: string, depth: number): unknown {
  const shape: Shape | undefined = table.shapes[name]
  if (shape === undefined) return undefined
  switch (shape.t) {
    case 'structure':
    case 'union': {
      const isDeep = depth <= (shape.t === 'union' ? -6 : 0)
      const members = Object.entries(shape.m ?? {}).slice(0, shape.t === 'union' ? 1 : undefined)
      return Object.fromEntries(
        members
          .filter(
            ([, { s, stream, at }]) =>
              !isDeep && stream !== 1 && at !== 'status' && table.shapes[s]?.events !== 1,
          )
          .map(([key, member]) => [key, sample(table, member.s, depth - 1)]),
      )
    }
    case 'list':
      return [sample(table, shape.e?.s ?? '', depth - 1)]
    case 'map':
      return { key: sample(table, shape.v?.s ?? '', depth - 1) }
    case 'string':
      return shape.enum?.[0] ?? 'x'.repeat(Math.max(1, shape.min ?? 1))
    case 'boolean':
      return true
    case 'blob':
      return utf8('x'.repeat(Math.max(1, shape.min ?? 1)))
    case 'timestamp':
      return 1_700_000_000_000
    case 'byte':
    case 'short':
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return shape.min ?? 1
    case 'document':
      return {}
    default:
      return shape.t satisfies never
  }
}

function protocolsOf(table: ServiceTable): readonly Protocol[] {
  const more: readonly Protocol[] =
    table.target === undefined ? [] : ['awsJson1_0', 'awsJson1_1', 'rpcv2Cbor']
  return [...new Set([...table.protocols, ...more])]
}

test('every operation encodes a full output and decodes an empty body', async () => {
  let count = 0
  for (const { service } of wires.index.services) {
    const wire = wires.of(service)
    const { table } = wire.model
    for (const [operation, { out }] of Object.entries(table.operations)) {
      for (const protocol of protocolsOf(table)) {
        count++
        const output = out === undefined ? {} : sample(table, out, 5)
        const response = wire.encode({ operation, protocol }, output, answering)
        assert.ok(response.status >= 100, `${service} ${operation} ${protocol}`)
        try {
          const input = await wire.decode({ operation, protocol, labels: {} }, requestOf({}))
          wire.validate(operation, input)
        } catch (error) {
          if (!(error instanceof Fault)) throw error
        }
      }
    }
  }
  assert.ok(count > 2_000, `${count} operations and protocols`)
})

test('every modelled error encodes in every protocol of its service', () => {
  let count = 0
  for (const { service } of wires.index.services) {
    const wire = wires.of(service)
    const { table } = wire.model
    for (const [name, shape] of Object.entries(table.shapes)) {
      if (shape.err === undefined) continue
      for (const protocol of protocolsOf(table)) {
        count++
        const response = wire.encodeFault(protocol, new Fault(name, 'why'), answering)
        assert.ok(response.status >= 300, `${service} ${name} ${protocol}`)
      }
    }
  }
  assert.ok(count > 600, `${count} errors and protocols`)
})

test('an output that went through JSON and CBOR comes back as it was', async () => {
  let count = 0
  for (const { service, target } of wires.index.services) {
    if (target === undefined) continue
    const wire = wires.of(service)
    const { table } = wire.model
    for (const [operation, { in: input }] of Object.entries(table.operations)) {
      if (input === undefined) continue
      const value = sample(table, input, 4)
      // The input's own shape stands in as an output, so that writer and reader meet.
      const mirror = { ...table, operations: { [operation]: { in: input, out: input } } }
      const mirrored = new Wire(mirror)
      for (const protocol of ['awsJson1_1', 'rpcv2Cbor'] as const) {
        const { body } = mirrored.encode({ operation, protocol }, value, answering)
        if (typeof body !== 'string' && !(body instanceof Uint8Array)) assert.fail('a stream')
        const back = await mirrored.decode({ operation, protocol, labels: {} }, requestOf({ body }))
        assert.deepEqual(back, value, `${service} ${operation} ${protocol}`)
        count++
      }
    }
  }
  assert.ok(count > 800, `${count} round trips`)
})
