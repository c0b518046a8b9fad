/** The function of examples/runtimes in the languages that need no compiler. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bestOfEach, findPythons } from '#host/sandbox/pythons.ts'
import { findRubies } from '#host/sandbox/rubies.ts'
import { type Opened, opened } from '../sandbox/fake-lambda.ts'
import { EXAMPLES } from './compiled.ts'
import { checkExample } from './example.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const ruby = (await findRubies()).at(-1)
const python = bestOfEach(await findPythons()).at(-1)

test('the function in JavaScript answers light and heavy work', async () => {
  const files = [{ name: 'index.mjs', text: readFileSync(join(EXAMPLES, 'node/index.mjs')) }]
  await checkExample(host.sandboxes, { runtime: 'nodejs24.x', handler: 'index.handler', files })
})

test(
  'the function in Python answers light and heavy work',
  { skip: python === undefined ? 'no Python 3.9 or newer on this machine' : false },
  async () => {
    const files = [{ name: 'app.py', text: readFileSync(join(EXAMPLES, 'python/app.py')) }]
    await checkExample(host.sandboxes, {
      runtime: `python3.${python?.minor ?? 0}`,
      handler: 'app.handler',
      files,
    })
  },
)

test(
  'the function in Ruby answers light and heavy work',
  { skip: ruby === undefined ? 'no Ruby 3 on this machine' : false },
  async () => {
    const files = [{ name: 'app.rb', text: readFileSync(join(EXAMPLES, 'ruby/app.rb')) }]
    await checkExample(host.sandboxes, {
      runtime: `ruby3.${ruby?.minor ?? 0}`,
      handler: 'app.handler',
      files,
    })
  },
)
