/**
 * The floors of invokes and cold starts, in a process of its own: the same sandboxes as the platform's, driven directly.
 * No Lambda service, no HTTP in front, no billing, no logs, no freezing, no CPU share.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { numberAt, stringAt } from '#base/json.ts'
import { HostClock } from '#host/clock.ts'
import { openSandboxes } from '#host/sandbox/sandboxes.ts'
import type { RuntimeReply, Sandbox, SandboxExit, StagedCode } from '#ports/sandboxes.ts'
import { answering } from './child.ts'
import { NODE_HELLO, zipOf } from './code.ts'

const [scratch = '', cacheFolder = ''] = process.argv.slice(2)
const UNZIPPED_MAX = 262_144_000
const ONE_VCPU_MB = 1_769
const NODE = 'nodejs24.x'

const silent = { error: console.error, warn: () => {}, info: () => {}, debug: () => {} }
mkdirSync(scratch, { mode: 0o711 })
const sandboxes = await openSandboxes({
  folder: scratch,
  cacheFolder,
  endpoint: () => 'http://127.0.0.1:4566',
  log: silent,
  clock: new HostClock({ virtual: false }),
  progress: () => {},
  strictRuntimes: false,
})

async function staged(files: Readonly<Record<string, string | Uint8Array>>): Promise<StagedCode> {
  const staging = await sandboxes.stage(zipOf(files), UNZIPPED_MAX)
  if (staging.kind === 'refused') throw new Error(`refused: ${staging.reason} ${staging.detail}`)
  return staging.code
}

/** One environment that is handed events as fast as it answers them. */
class Bare {
  readonly sandbox: Sandbox
  readonly ended = Promise.withResolvers<SandboxExit>()
  #parked: ((reply: RuntimeReply) => void) | undefined
  #ready = Promise.withResolvers<void>()
  #answered: (() => void) | undefined
  #count = 0

  constructor(runtime: string, code: StagedCode) {
    this.sandbox = sandboxes.start({
      id: `bare-${Math.random().toString(36).slice(2)}`,
      runtime,
      code,
      layers: [],
      handler: 'index.handler',
      environment: {
        _HANDLER: 'index.handler',
        LAMBDA_TASK_ROOT: '/var/task',
        AWS_LAMBDA_FUNCTION_NAME: 'bare',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(ONE_VCPU_MB),
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/bare',
        AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
        PATH: '/usr/local/bin:/usr/bin:/bin',
      },
      memoryMb: ONE_VCPU_MB,
      tmpMb: 512,
      onRequest: (request, reply) => this.#request(request.path, reply),
      onOutput: () => {},
      onStarted: () => {},
      onExit: (exit) => this.ended.resolve(exit),
    })
  }

  async ready(): Promise<void> {
    await this.#ready.promise
  }

  /** Until the answer has arrived; the next may be handed out when the runtime has asked again. */
  async invoke(): Promise<void> {
    await this.#ready.promise
    this.#ready = Promise.withResolvers<void>()
    const answered = new Promise<void>((resolve) => (this.#answered = resolve))
    const reply = this.#parked
    this.#parked = undefined
    reply?.({
      status: 200,
      headers: {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': `bare-${++this.#count}`,
        'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:000000000000:function:bare',
        'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
      },
      body: '{}',
    })
    await answered
  }

  #request(path: string, reply: (reply: RuntimeReply) => void): void {
    if (path.endsWith('/invocation/next')) {
      this.#parked = reply
      this.#ready.resolve()
      return
    }
    this.#answered?.()
    reply({ status: 202, headers: {}, body: '{"status":"OK"}' })
  }
}

const node = await staged(NODE_HELLO)
copyFileSync('/bin/true', join(scratch, 'true'))
const nothing = await staged({ bootstrap: readFileSync(join(scratch, 'true')) })
const kept: Bare[] = []

/** Closed loops over that many environments, which are kept for the next round. */
async function roundTrips(environments: number, ms: number): Promise<unknown> {
  while (kept.length < environments) kept.push(new Bare(NODE, node))
  const used = kept.slice(0, environments)
  await Promise.all(used.map((bare) => bare.ready()))
  const latencies: number[] = []
  const started = performance.now()
  await Promise.all(
    used.map(async (bare) => {
      while (performance.now() - started < ms) {
        await bare.ready()
        const from = performance.now()
        await bare.invoke()
        latencies.push(performance.now() - from)
      }
    }),
  )
  const sorted = Float64Array.from(latencies).sort()
  const quantile = (q: number): number => sorted[Math.floor(q * sorted.length)] ?? 0
  const perSecond = (1_000 * sorted.length) / (performance.now() - started)
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), perSecond }
}

/** The sandbox's own cost: `true` in it, from start to end. */
async function sandboxMs(): Promise<unknown> {
  const started = performance.now()
  const bare = new Bare('provided.al2023', nothing)
  const exit = await bare.ended.promise
  const ms = performance.now() - started
  await bare.sandbox.destroy(0)
  if (exit.trouble !== undefined || exit.code !== 0)
    throw new Error(`true ended with ${JSON.stringify(exit)}`)
  return { ms }
}

/**
 * CPU time of one environment from nothing to its first request for work, while as many others start as there are
 * cores: a core that shares its units with a busy neighbour needs longer for the same work, here as in a burst.
 */
async function startCpu(): Promise<unknown> {
  const all = Array.from({ length: availableParallelism() }, () => new Bare(NODE, node))
  const cpus = await Promise.all(
    all.map(async (bare) => {
      await bare.ready()
      return bare.sandbox.usage().cpuMs
    }),
  )
  await Promise.all(all.map((bare) => bare.sandbox.destroy(0)))
  return { cpuMs: cpus.reduce((sum, cpuMs) => sum + cpuMs, 0) / cpus.length }
}

answering(
  async (question) => {
    const what = stringAt(question, 'what')
    if (what === 'round trips')
      return await roundTrips(numberAt(question, 'environments') ?? 1, numberAt(question, 'ms') ?? 1_000)
    if (what === 'sandbox') return await sandboxMs()
    if (what === 'start cpu') return await startCpu()
    throw new Error(`"${what}" is not measured here`)
  },
  async () => await sandboxes.close(),
)
