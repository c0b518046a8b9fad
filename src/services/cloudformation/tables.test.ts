import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changesBetween,
  conform,
  deployable,
  hasAttribute,
  readTables,
  type ResourceTable,
  withStackTags,
} from '#services/cloudformation/tables.ts'

const tables = readTables({
  types: ['Made::Up::Thing', 'Made::Up::Other'],
  tables: {
    'Made::Up::Thing': {
      properties: {
        Name: ['s', 'rc'],
        Size: ['i'],
        Ratio: ['n', 'm'],
        On: ['b'],
        Words: ['[s'],
        Variables: ['{s'],
        Settings: ['@Settings'],
        Document: ['j|s'],
        Tags: ['[t'],
      },
      definitions: { Settings: { Kind: ['s', 'c'], Depth: ['i', 'r'] } },
      attributes: ['Arn', 'Endpoint'],
    },
    'Made::Up::Other': { properties: { Tags: ['{s'] }, definitions: {}, attributes: [] },
  },
})
const tableOf = (type: string): ResourceTable => {
  const table = tables.tables.get(type)
  assert.ok(table)
  return table
}
const thing = tableOf('Made::Up::Thing')

test('conform() turns scalars into the types of the table', () => {
  const written = {
    Name: 7,
    Size: '128',
    Ratio: '0.5',
    On: 'true',
    Words: [1, true],
    Variables: { A: 1 },
    Settings: { Depth: '3' },
    Tags: [{ Key: 'a', Value: 1 }],
  }
  assert.deepEqual(conform(thing, written), {
    ok: true,
    properties: {
      Name: '7',
      Size: 128,
      Ratio: 0.5,
      On: true,
      Words: ['1', 'true'],
      Variables: { A: '1' },
      Settings: { Depth: 3 },
      Tags: [{ Key: 'a', Value: '1' }],
    },
  })
})

test('conform() names every member that is missing, unknown or of another type', () => {
  const written = { Size: '1.5', Extra: 1, Words: 'one', Settings: { Kind: {} }, On: 'perhaps' }
  assert.deepEqual(conform(thing, written), {
    ok: false,
    wrong: [
      '#: required key [Name] not found',
      '#/Size: expected type: Integer, found: String',
      '#: extraneous key [Extra] is not permitted',
      '#/Words: expected type: JSONArray, found: String',
      '#/Settings: required key [Depth] not found',
      '#/Settings/Kind: expected type: String, found: JSONObject',
      '#/On: expected type: Boolean, found: String',
    ],
  })
})

test('conform() takes either form where the table allows two', () => {
  for (const document of ['{}', { Statement: [] }]) {
    assert.deepEqual(conform(thing, { Name: 'a', Document: document }), {
      ok: true,
      properties: { Name: 'a', Document: document },
    })
  }
})

test('withStackTags() adds the tags of the stack, and those of the resource win', () => {
  const tags = [
    { Key: 'team', Value: 'stack' },
    { Key: 'stage', Value: 'test' },
  ]
  assert.deepEqual(withStackTags(thing, { Tags: [{ Key: 'team', Value: 'own' }] }, tags)['Tags'], [
    { Key: 'team', Value: 'own' },
    { Key: 'stage', Value: 'test' },
  ])
  assert.deepEqual(withStackTags(tableOf('Made::Up::Other'), { Tags: { team: 'own' } }, tags)['Tags'], {
    team: 'own',
    stage: 'test',
  })
  assert.deepEqual(withStackTags(thing, { Name: 'a' }, []), { Name: 'a' })
})

test('deployable() takes the properties of a type without a table as they are', () => {
  const properties = { Anything: ['1'] }
  assert.deepEqual(deployable(tables, 'Not::In::Tables', properties, [{ Key: 'a', Value: 'b' }]), {
    ok: true,
    properties,
  })
})

test('changesBetween() tells what each change costs, nested create-only members too', () => {
  const before = { Name: 'a', Size: 1, Ratio: 1, Settings: { Kind: 'x', Depth: 1 }, On: true }
  assert.deepEqual(changesBetween(thing, before, before), [])
  assert.deepEqual(
    changesBetween(thing, before, { Name: 'b', Size: 2, Ratio: 2, Settings: { Kind: 'x', Depth: 2 } }),
    [
      { name: 'Name', replaces: 'yes' },
      { name: 'Size', replaces: 'no' },
      { name: 'Ratio', replaces: 'maybe' },
      { name: 'Settings', replaces: 'no' },
      { name: 'On', replaces: 'no' },
    ],
  )
  assert.deepEqual(changesBetween(thing, before, { ...before, Settings: { Kind: 'y', Depth: 1 } }), [
    { name: 'Settings', replaces: 'yes' },
  ])
})

test('hasAttribute() knows attributes and the parts of one, not others', () => {
  assert.equal(hasAttribute(thing, 'Arn'), true)
  assert.equal(hasAttribute(thing, 'Endpoint.Address'), true)
  assert.equal(hasAttribute(thing, 'Arno'), false)
})
