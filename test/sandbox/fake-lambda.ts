/**
 * The Lambda side of the sandboxes port, as small as a test needs it: answers the Runtime API's routes, hands events to
 * an environment and collects what it answers, prints and how it ends. No limits, no states: that is `services/lambda`.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import type { RuntimeReply, Sandbox, SandboxExit, SandboxSpec, StagedCode } from '#ports/sandboxes.ts'
import { HostClock } from '#host/clock.ts'
import { type HostSandboxes, openSandboxes, type SandboxOptions } from '#host/sandbox/sandboxes.ts'

export interface Answer {
  readonly kind: 'response' | 'error' | 'init-error' | 'exit'
  readonly body: string
}

const silent = { error: console.error, warn: () => {}, info: () => {}, debug: () => {} }
export const CACHE = process.env['WINDTUNNEL_TEST_CACHE'] ?? join(homedir(), '.cache', 'windtunnel-test')

/** All of these tests at a weaker level: `WINDTUNNEL_TEST_LEVEL=unshare-root`. */
const LEVEL = levelOf(process.env['WINDTUNNEL_TEST_LEVEL'])
function levelOf(name: string | undefined): Partial<SandboxOptions> {
  return name === 'unshare-root' || name === 'process' ? { level: name } : {}
}

export interface Opened {
  readonly sandboxes: HostSandboxes
  readonly folder: string
  close(): Promise<void>
}

/** Sandboxes over a folder of their own. */
export async function opened(options: Partial<SandboxOptions> = {}): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'wt-test-'))
  chmodSync(folder, 0o711)
  const sandboxes = await openSandboxes({
    folder,
    cacheFolder: CACHE,
    endpoint: () => 'http://127.0.0.1:4566',
    log: silent,
    clock: new HostClock({ virtual: false }),
    progress: () => {},
    strictRuntimes: false,
    ...LEVEL,
    ...options,
  })
  return {
    sandboxes,
    folder,
    close: async () => {
      await sandboxes.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One environment and what it said. */
export class FakeEnvironment {
  readonly sandbox: Sandbox
  output = ''
  dropped = 0
  exit: SandboxExit | undefined
  readonly requests: string[] = []
  #next: ((reply: RuntimeReply) => void) | undefined
  #waiting: ((answer: Answer) => void)[] = []
  #early: Answer[] = []
  #idle: (() => void)[] = []
  #gone: (() => void)[] = []
  #count = 0

  constructor(sandboxes: HostSandboxes, spec: Partial<SandboxSpec> & { runtime: string; code: StagedCode }) {
    this.sandbox = sandboxes.start({
      id: `env-${Math.random().toString(36).slice(2)}`,
      layers: [],
      handler: 'index.handler',
      memoryMb: 512,
      tmpMb: 512,
      onRequest: (request, reply) => this.#request(request.path, Buffer.from(request.body).toString(), reply),
      onOutput: (chunk, dropped) => {
        this.output += Buffer.from(chunk).toString()
        this.dropped += dropped
      },
      onStarted: () => {},
      onExit: (exit) => this.#exited(exit),
      ...spec,
      environment: { ...environmentOf(spec), ...spec.environment },
    })
  }

  /** Resolves when it asks for an event. */
  async idle(): Promise<void> {
    if (this.#next !== undefined || this.exit !== undefined) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async gone(): Promise<SandboxExit> {
    if (this.exit === undefined) await new Promise<void>((resolve) => this.#gone.push(resolve))
    if (this.exit === undefined) throw new Error('it has not ended')
    return this.exit
  }

  async invoke(event: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    await this.idle()
    if (this.exit !== undefined) return { kind: 'exit', body: JSON.stringify(this.exit) }
    const answered = this.answer()
    const id = `req-${++this.#count}`
    const reply = this.#next
    this.#next = undefined
    reply?.({
      status: 200,
      headers: {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': id,
        'Lambda-Runtime-Deadline-Ms': `${Date.now() + 3_000}`,
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:000000000000:function:f',
        'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
        ...headers,
      },
      body: JSON.stringify(event),
    })
    return answered
  }

  /** The next response, error or end. */
  answer(): Promise<Answer> {
    const early = this.#early.shift()
    return early === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(early)
  }

  #say(answer: Answer): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#early.push(answer)
    else waiting(answer)
  }

  #request(path: string, body: string, reply: (reply: RuntimeReply) => void): void {
    this.requests.push(path)
    if (path.endsWith('/invocation/next')) {
      this.#next = reply
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    reply({ status: 202, headers: {}, body: '{"status":"OK"}' })
    if (path.endsWith('/init/error')) this.#say({ kind: 'init-error', body })
    else this.#say({ kind: path.endsWith('/response') ? 'response' : 'error', body })
  }

  #exited(exit: SandboxExit): void {
    this.exit = exit
    this.#next = undefined
    for (const resolve of [...this.#idle.splice(0), ...this.#gone.splice(0)]) resolve()
    for (const _ of this.#waiting) this.#say({ kind: 'exit', body: JSON.stringify(exit) })
  }
}

function environmentOf(spec: {
  readonly runtime: string
  readonly handler?: string
  readonly memoryMb?: number
}): Record<string, string> {
  return {
    _HANDLER: spec.handler ?? 'index.handler',
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${spec.memoryMb ?? 512}`,
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/25/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_REGION: 'us-east-1',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    NODE_PATH: '/opt/nodejs/node_modules:/var/runtime/node_modules',
  }
}

export interface ZipFile {
  readonly name: string
  readonly text: string | Uint8Array
  /** Unix mode with its kind bits; 0o100644 unless set. */
  readonly mode?: number
  readonly flags?: number
  /** A size that lies. */
  readonly claimedSize?: number
}

/** A zip of these files, as `zip` would make it, or worse. */
export function zipOf(files: readonly ZipFile[]): Uint8Array {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let at = 0
  for (const file of files) {
    const name = Buffer.from(file.name)
    const bytes = Buffer.from(file.text)
    const data = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(file.flags ?? 0, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(file.claimedSize ?? bytes.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name, data])
    const central = Buffer.alloc(14)
    central.writeUInt32LE(((file.mode ?? 0o100644) << 16) >>> 0, 6)
    central.writeUInt32LE(at, 10)
    const versioned = Buffer.concat([
      Buffer.from('PK\u0001\u0002'),
      Buffer.from([20, 3]),
      common,
      central,
      name,
    ])
    locals.push(local)
    centrals.push(versioned)
    at += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}

/** Stages one file, or fails the test. */
export async function staged(
  sandboxes: HostSandboxes,
  files: Readonly<Record<string, string>>,
  mode?: number,
): Promise<StagedCode> {
  const zip = zipOf(
    Object.entries(files).map(([name, text]) => (mode === undefined ? { name, text } : { name, text, mode })),
  )
  const staging = await sandboxes.stage(zip, 262_144_000)
  if (staging.kind === 'refused') throw new Error(`refused: ${staging.reason} ${staging.detail}`)
  return staging.code
}
