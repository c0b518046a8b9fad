/** Events through a whole platform: sent by `fly`, worked on by a function, and reported until their end. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FlightReport } from '#lab/report.ts'
import { windtunnel } from '../support/command.ts'

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue }
  Audit: { Type: AWS::SQS::Queue }
  News: { Type: AWS::SNS::Topic }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs24.x
      InlineCode: |
        exports.handler = async () => { await new Promise((done) => setTimeout(done, 20)) }
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn, BatchSize: 10 } }
        Topic: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { kind: [new] } } }
`

const FLIGHT = `
name: events
template: template.yaml
drain: 30s
load:
  - constant: { rate: 40, duration: 1s }
  - burst: { requests: 400 }
targets:
  - { queue: Orders, body: { id: "{n}" }, weight: 2 }
  - { topic: News, message: "number {n}", attributes: { kind: new } }
  - { topic: News, name: unwanted, message: "number {n}", attributes: { kind: old } }
  - { function: Worker, async: true }
budgets:
  - unfinished <= 0 events
  - Orders completion_p50 < 60 s
`

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wt-fly-events-'))
  writeFileSync(join(folder, 'template.yaml'), TEMPLATE)
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function flown(flight: string): Promise<{ report: FlightReport; terminal: string; code: number }> {
  writeFileSync(join(folder, 'flight.yaml'), flight)
  const { code, out, err } = await windtunnel(['fly', 'flight.yaml', '--json'], { cwd: folder })
  assert.ok(code <= 1 && out !== '', `code ${code}\n${err}\n${out}`)
  const printed = await windtunnel(['report', 'latest'], { cwd: folder })
  return { report: JSON.parse(out) as FlightReport, terminal: printed.out, code }
}

test('fly follows events of queues, topics and asynchronous invokes to the end of their processing', async () => {
  const { report, terminal, code } = await flown(FLIGHT)
  assert.equal(code, 0, terminal)
  const of = (name: string): NonNullable<FlightReport['overall']['completion']> => {
    const completion = report.routes.find((route) => route.name === name)?.completion
    assert.ok(completion !== undefined, name)
    return completion
  }
  for (const name of ['Orders', 'News', 'Worker']) {
    const { events, finished, p50Ms, tail } = of(name)
    assert.equal(finished, events, name)
    // The handler alone takes 20 ms.
    assert.ok((p50Ms ?? 0) > 20, `${name} ${p50Ms}`)
    assert.ok(tail?.phases.some((phase) => phase.name === 'handler') === true, name)
  }
  assert.deepEqual([of('unwanted').filtered, of('unwanted').finished], [of('unwanted').events, 0])
  assert.equal(report.overall.completion?.events, 440)
  assert.equal(report.overall.errors, 0)
  const { batchSizeMax, invocationsPerEvent, backlogMax } = of('Orders')
  assert.ok((batchSizeMax ?? 0) > 1, 'a burst fills batches')
  assert.ok((invocationsPerEvent ?? 1) < 1)
  assert.ok(backlogMax > 10, `${backlogMax}`)
  assert.equal(
    report.seconds.reduce((sum, second) => sum + (second.completions ?? 0), 0),
    440,
  )
  assert.match(terminal, /^ {2}to completion +events/m)
  assert.match(terminal, /^ {2}backlog \|/m)
})

test('fly waits for what nobody takes as long as drain says, and reports it as unfinished', async () => {
  const { report, terminal, code } = await flown(`
name: left
template: template.yaml
drain: 1s
load: [{ burst: { requests: 5 } }]
targets: [{ queue: Audit }]
budgets: [completion_p50 < 100 ms]
`)
  assert.equal(code, 1, terminal)
  const completion = report.routes[0]?.completion
  assert.deepEqual([completion?.events, completion?.unfinished, completion?.p50Ms], [5, 5, null])
  assert.ok((completion?.unfinishedFromMs ?? 0) >= 1_000)
  assert.match(terminal, /Audit: none of its 5 events was finished when the flight ended/)
  assert.match(terminal, /broken: 5 unfinished after/)
})
