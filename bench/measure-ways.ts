/**
 * Two ways to make a caller wait less, each beside the usual way in the same round: provisioned environments at a burst of
 * a hundred, and the first byte of a streamed answer beside that of a buffered one.
 */
import { request } from 'node:http'
import { stringAt } from '#base/json.ts'
import { type Figure, type Row, type Settings } from './figure.ts'
import { Driver, headersOf, invocation, requestText } from './load.ts'
import { PlatformUnderTest, until } from './platform.ts'

/** Init that takes a tenth of a second of CPU, as a handful of imports does; the handler stays until all have begun. */
const SLOW_INIT = {
  'index.js': `const until = performance.now() + 100; while (performance.now() < until);
exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 50)); return 1 }
`,
}
const BUFFERS = {
  'index.js': `exports.handler = async () => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  return 'firstlast'
}
`,
}
const STREAMS = {
  'index.js': `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('first')
  await new Promise((resolve) => setTimeout(resolve, 200))
  stream.end('last')
})
`,
}

async function api(
  platform: PlatformUnderTest,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await fetch(`${platform.url}${path}`, {
    method,
    headers: { ...headersOf('lambda'), 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? {} : JSON.parse(text)
}

/** p99 of the burst, in ms. */
async function burst(platform: PlatformUnderTest, name: string, count: number): Promise<number> {
  const driver = new Driver()
  try {
    const text = requestText(invocation(name), platform.port)
    const loaded = await driver.run({ port: platform.port, request: text, connections: count, most: 1 })
    return loaded.p99Ms
  } finally {
    await driver.end()
  }
}

async function provision(platform: PlatformUnderTest, count: number): Promise<void> {
  await api(platform, 'POST', '/2015-03-31/functions/kept/versions', {})
  const path = '/2019-09-30/functions/kept/provisioned-concurrency?Qualifier=1'
  await api(platform, 'PUT', path, { ProvisionedConcurrentExecutions: count })
  await until('the environments are ready', async () => {
    return stringAt(await api(platform, 'GET', path), 'Status') === 'READY'
  })
}

/** Each round on a platform of its own, so that on-demand environments are cold in each. */
async function bursts(settings: Settings, count: number): Promise<{ onDemand: number; provisioned: number }> {
  const platform = await PlatformUnderTest.start(settings)
  try {
    const of = { runtime: 'nodejs24.x', memoryMb: 1_769, files: SLOW_INIT }
    await platform.deploy({ name: 'kept', ...of })
    await platform.deploy({ name: 'cold', ...of })
    await provision(platform, count)
    const provisioned = await burst(platform, 'kept:1', count)
    return { provisioned, onDemand: await burst(platform, 'cold', count) }
  } finally {
    await platform.stop()
  }
}

/** Until the first byte of a warm answer's body, in ms. */
function firstByteMs(platform: PlatformUnderTest, id: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const asked = request(
      { port: platform.port, host: '127.0.0.1', path: `/_aws/lambda-url/${id}/`, agent: false },
      (answer) => {
        answer.once('data', () => {
          const ms = performance.now() - startedAt
          answer
            .resume()
            .once('end', () =>
              answer.statusCode === 200 ? resolve(ms) : reject(new Error(`${answer.statusCode}`)),
            )
        })
      },
    )
    asked.once('error', reject)
    asked.end()
  })
}

async function addressOf(
  platform: PlatformUnderTest,
  name: string,
  mode: 'RESPONSE_STREAM' | 'BUFFERED',
): Promise<string> {
  const files = mode === 'BUFFERED' ? BUFFERS : STREAMS
  await platform.deploy({ name, runtime: 'nodejs24.x', memoryMb: 1_769, files })
  const made = await api(platform, 'POST', `/2021-10-31/functions/${name}/url`, {
    AuthType: 'NONE',
    InvokeMode: mode,
  })
  for (const [StatementId, Action, more] of [
    ['u', 'lambda:InvokeFunctionUrl', { FunctionUrlAuthType: 'NONE' }],
    ['i', 'lambda:InvokeFunction', { InvokedViaFunctionUrl: true }],
  ] as const)
    await api(platform, 'POST', `/2015-03-31/functions/${name}/policy`, {
      StatementId,
      Action,
      Principal: '*',
      ...more,
    })
  return /^https?:\/\/([^.]+)\./.exec(stringAt(made, 'FunctionUrl') ?? '')?.[1] ?? ''
}

async function firstBytes(
  settings: Settings,
  rounds: number,
): Promise<{ streamed: number[]; buffered: number[] }> {
  const platform = await PlatformUnderTest.start(settings)
  try {
    const [streaming, buffering] = [
      await addressOf(platform, 'streams', 'RESPONSE_STREAM'),
      await addressOf(platform, 'buffers', 'BUFFERED'),
    ]
    for (const id of [streaming, buffering]) await firstByteMs(platform, id) // the cold ones
    const found = { streamed: new Array<number>(), buffered: new Array<number>() }
    for (let round = 0; round < rounds; round++) {
      found.streamed.push(await firstByteMs(platform, streaming))
      found.buffered.push(await firstByteMs(platform, buffering))
    }
    return found
  } finally {
    await platform.stop()
  }
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const count = settings.quick ? 5 : 100
  const rounds: { onDemand: number; provisioned: number }[] = []
  for (let round = 0; round < (settings.quick ? 1 : 3); round++) rounds.push(await bursts(settings, count))
  const bytes = await firstBytes(settings, settings.quick ? 2 : 9)
  return [
    {
      figure: `p99 of a burst of ${count}, provisioned`,
      unit: 'ms',
      ours: rounds.map(({ provisioned }) => provisioned),
      beside: { kind: 'peer', name: 'on demand', values: rounds.map(({ onDemand }) => onDemand) },
      target: undefined,
      note: 'init of 100 ms of CPU, handler of 50 ms',
    },
    {
      figure: 'first byte of a streamed answer',
      unit: 'ms',
      ours: bytes.streamed,
      beside: { kind: 'peer', name: 'buffered', values: bytes.buffered },
      target: { relation: 'ratio', atMost: 0.2 },
      note: 'the handler writes at once and ends 200 ms later; warm, over a function URL',
    },
  ]
}

export const ways: Figure = { name: 'ways', measure }
