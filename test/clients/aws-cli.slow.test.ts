/** The AWS CLI at what people do by hand: copies of large files, invokes, and a log that is followed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { invoke, madeFunction } from '../support/aws.ts'
import { ABSENT, awsCli2, client, clientEnv } from '../support/clients.ts'
import { type Ran, run } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

const clis: Readonly<Record<string, string | undefined>> = {
  'aws of the clients': client('aws'),
  'aws 2': await awsCli2(),
}

let on: Platform
let home: string
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  on = await platform()
  const code = 'exports.handler = async (event) => { console.log("a line", event.n); return event.n }'
  await madeFunction(on, { name: 'talks', code })
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(home, { recursive: true, force: true })
})

for (const [name, path] of Object.entries(clis)) {
  const skip = path === undefined ? ABSENT : false
  const cli = async (...words: string[]): Promise<Ran> =>
    await run(path ?? '', ['--endpoint-url', on.url, ...words], { cwd: home, env: clientEnv(on, home) })
  const worked = async (...words: string[]): Promise<string> => {
    const ran = await cli(...words)
    assert.equal(ran.code, 0, `${words.join(' ')}: ${ran.out}${ran.err}`)
    return ran.out
  }

  test(
    `${name} copies a file of several parts there and back, and syncs and removes folders`,
    { skip },
    async () => {
      const body = randomBytes(30_000_000)
      writeFileSync(join(home, 'big'), body)
      await worked('s3', 'mb', 's3://copies')
      await worked('s3', 'cp', 'big', 's3://copies/big', '--no-progress')
      await worked('s3', 'cp', 's3://copies/big', 'back', '--no-progress')
      assert.ok(readFileSync(join(home, 'back')).equals(body))
      await worked('s3', 'cp', 's3://copies/big', 's3://copies/copy', '--no-progress')
      assert.match(await worked('s3', 'ls', 's3://copies'), /30000000 big\n.* 30000000 copy\n/)
      const missing = await cli('s3', 'cp', 'big', 's3://none-at-all/big', '--no-progress')
      assert.equal(missing.code, 1)
      assert.match(missing.err, /NoSuchBucket/)
      await worked('s3', 'rb', 's3://copies', '--force')
      assert.doesNotMatch(await worked('s3', 'ls'), /copies/)
    },
  )

  test(`${name} invokes a function and shows the end of its log`, { skip }, async () => {
    writeFileSync(join(home, 'event.json'), '{"n":7}')
    const words = ['lambda', 'invoke', '--function-name', 'talks', '--payload', 'fileb://event.json']
    const shown = await worked(
      ...words,
      '--log-type',
      'Tail',
      '--query',
      'LogResult',
      '--output',
      'text',
      'out.json',
    )
    assert.match(Buffer.from(shown, 'base64').toString(), /a line 7\n/)
    assert.equal(readFileSync(join(home, 'out.json'), 'utf8'), '7')
    const missing = await cli('lambda', 'invoke', '--function-name', 'none', 'out.json')
    assert.match(missing.err, /ResourceNotFoundException/)
  })
}

test(
  'aws 2 follows a log until it is told to end',
  { skip: clis['aws 2'] === undefined ? ABSENT : false },
  async () => {
    const words = [
      '--endpoint-url',
      on.url,
      'logs',
      'tail',
      '/aws/lambda/talks',
      '--follow',
      '--since',
      '10m',
    ]
    const tail = spawn(clis['aws 2'] ?? '', words, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...clientEnv(on, home) },
    })
    let shown = ''
    const says = async (line: string): Promise<void> => {
      const cut = AbortSignal.timeout(60_000)
      while (!shown.includes(line)) {
        cut.throwIfAborted()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    tail.stdout.on('data', (part: Buffer) => (shown += part.toString()))
    try {
      await invoke(on, 'talks', { n: 'before' })
      await says('a line before')
      await invoke(on, 'talks', { n: 'while it follows' })
      await says('a line while it follows')
    } finally {
      tail.kill('SIGKILL')
    }
  },
)
