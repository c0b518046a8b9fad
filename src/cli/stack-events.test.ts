import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringAt } from '#base/json.ts'
import { ShownEvents, StackEvents } from '#cli/stack-events.ts'

const PAGE = 100

interface Event {
  readonly EventId: string
  readonly LogicalResourceId: string
  readonly ResourceType: string
  readonly ResourceStatus: string
  readonly ResourceStatusReason?: string
}

/** A stack whose events are appended; answered newest first, in pages, as the token's offset says. */
class FakeStack {
  readonly events: Event[] = []
  calls = 0
  /** Called before each page, for events that come meanwhile. */
  beforePage: () => void = () => undefined

  add(name: string, status: string, more: Partial<Event> = {}): void {
    const EventId = `${name}-${this.events.length}`
    this.events.push({
      EventId,
      LogicalResourceId: name,
      ResourceType: 'AWS::Logs::LogGroup',
      ResourceStatus: status,
      ...more,
    })
  }

  readonly call = async (service: string, operation: string, input: unknown): Promise<unknown> => {
    assert.deepEqual([service, operation], ['cloudformation', 'DescribeStackEvents'])
    this.calls++
    this.beforePage()
    const from = Number(stringAt(input, 'NextToken') ?? 0)
    const newest = this.events.toReversed()
    const NextToken = from + PAGE < newest.length ? String(from + PAGE) : undefined
    return await Promise.resolve({ StackEvents: newest.slice(from, from + PAGE), NextToken })
  }
}

const idsOf = (events: readonly unknown[]): unknown[] => events.map((event) => stringAt(event, 'EventId'))

test('fresh() reads back through every page to the last known event', async () => {
  const stack = new FakeStack()
  for (let i = 0; i < 150; i++) stack.add('before', 'CREATE_COMPLETE')
  const events = await StackEvents.fromNowOn(stack, 'app')
  for (let i = 0; i < 360; i++) stack.add(`r${i}`, 'CREATE_COMPLETE')
  stack.calls = 0
  assert.deepEqual(
    idsOf(await events.fresh()),
    stack.events.slice(150).map(({ EventId }) => EventId),
  )
  assert.equal(stack.calls, 4)
  assert.deepEqual(await events.fresh(), [])
})

test('fresh() gives each event once when others move the pages meanwhile', async () => {
  const stack = new FakeStack()
  const events = await StackEvents.fromNowOn(stack, 'app')
  for (let i = 0; i < 250; i++) stack.add(`r${i}`, 'CREATE_COMPLETE')
  stack.beforePage = () => {
    if (stack.events.length < 280) for (let i = 0; i < 10; i++) stack.add(`late${i}`, 'CREATE_COMPLETE')
  }
  const seen = [...idsOf(await events.fresh()), ...idsOf(await events.fresh())]
  assert.equal(new Set(seen).size, seen.length)
  assert.deepEqual(
    seen,
    stack.events.map(({ EventId }) => EventId),
  )
})

async function shownOf(stack: FakeStack, changes: number): Promise<{ lines: string[]; shown: ShownEvents }> {
  const lines: string[] = []
  const shown = new ShownEvents(new StackEvents(stack, 'app', ''), changes, (line) => lines.push(line))
  await shown.more()
  return { lines, shown }
}

test('more() shows one line a change of status, and how many changes are done', async () => {
  const stack = new FakeStack()
  stack.add('app', 'CREATE_IN_PROGRESS', { ResourceType: 'AWS::CloudFormation::Stack' })
  for (const name of ['A', 'B']) {
    stack.add(name, 'CREATE_IN_PROGRESS')
    stack.add(name, 'CREATE_IN_PROGRESS', { ResourceStatusReason: 'Resource creation Initiated' })
    stack.add(name, 'CREATE_COMPLETE')
  }
  stack.add('app', 'CREATE_COMPLETE', { ResourceType: 'AWS::CloudFormation::Stack' })
  const { lines } = await shownOf(stack, 2)
  assert.deepEqual(
    lines.map((line) => line.replace(/ +/g, ' ')),
    [
      '0 of 2 CREATE_IN_PROGRESS app',
      '0 of 2 CREATE_IN_PROGRESS A',
      '1 of 2 CREATE_COMPLETE A',
      '1 of 2 CREATE_IN_PROGRESS B',
      '2 of 2 CREATE_COMPLETE B',
      '2 of 2 CREATE_COMPLETE app',
    ],
  )
})

test('more() keeps the first failure and shows its reason', async () => {
  const stack = new FakeStack()
  stack.add('A', 'CREATE_IN_PROGRESS')
  stack.add('A', 'CREATE_FAILED', { ResourceStatusReason: 'no such bucket' })
  stack.add('B', 'CREATE_FAILED', { ResourceStatusReason: 'Resource creation cancelled' })
  const { lines, shown } = await shownOf(stack, 2)
  assert.equal(shown.failure, 'A: no such bucket')
  assert.match(lines[1] ?? '', /CREATE_FAILED +A {2}no such bucket$/)
})
