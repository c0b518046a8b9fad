/** What the function of examples/runtimes answers, whatever its language. */
import assert from 'node:assert/strict'
import type { HostSandboxes } from '#host/sandbox/sandboxes.ts'
import { FakeEnvironment, type ZipFile } from '../sandbox/fake-lambda.ts'
import { stagedFiles } from './compiled.ts'

export interface ExampleFunction {
  readonly runtime: string
  readonly handler: string
  readonly files: readonly ZipFile[]
}

const ITEMS = [
  { name: 'tea', price: 2.5 },
  { name: 'cake', price: 3.25 },
]

/** Light and heavy work in one environment, and an event that is neither. */
export async function checkExample(sandboxes: HostSandboxes, of: ExampleFunction): Promise<void> {
  const code = await stagedFiles(sandboxes, of.files)
  const made = new FakeEnvironment(sandboxes, { runtime: of.runtime, handler: of.handler, code })
  try {
    const answers = []
    for (const event of [{ work: 'light', items: ITEMS }, { work: 'heavy', below: 1_000 }, {}]) {
      const { kind, body } = await made.invoke(event)
      assert.equal(kind, 'response', `${body} ${made.output}`)
      answers.push(JSON.parse(body))
    }
    assert.deepEqual(answers[0], { count: 2, total: 5.75, items: ITEMS })
    assert.deepEqual(answers[1], { primes: 168 })
    assert.equal(answers[2].count, 0)
  } finally {
    await made.sandbox.destroy(0)
  }
}
