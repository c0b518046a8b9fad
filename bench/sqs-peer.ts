/** fauxqs (npm) as the peer of queues: SQS in memory on fastify, in a process of its own; or why there is none. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Settings } from './figure.ts'
import { until } from './platform.ts'

const VERSION = '2.4.1'
const INSTALL_MS = 180_000

export class QueuePeer {
  readonly port: number | undefined
  readonly reason: string
  readonly #process: ChildProcess | undefined

  private constructor(found: { port?: number; reason?: string; process?: ChildProcess }) {
    this.port = found.port
    this.reason = found.reason ?? ''
    this.#process = found.process
  }

  static async start(settings: Settings): Promise<QueuePeer> {
    if (settings.quick) return new QueuePeer({ reason: 'not installed for a quick run' })
    const folder = join(settings.cacheFolder, 'bench', 'fauxqs')
    const reason = installed(folder, settings)
    if (reason !== undefined) return new QueuePeer({ reason })
    const port = await freePort()
    const child = spawn(process.execPath, [join(folder, 'node_modules/fauxqs/dist/server.js')], {
      stdio: 'ignore',
      env: { ...process.env, FAUXQS_PORT: String(port), FAUXQS_LOGGER: 'false' },
    })
    await until('fauxqs answers', async () => {
      if (child.exitCode !== null) throw new Error(`fauxqs ended with ${child.exitCode}`)
      return (await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)) !== undefined
    })
    return new QueuePeer({ port, process: child })
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await ended
  }
}

/** Undefined when it is there, else the reason in words. */
function installed(folder: string, settings: Settings): string | undefined {
  if (existsSync(join(folder, 'node_modules/fauxqs/package.json'))) return undefined
  settings.step(`installing fauxqs ${VERSION} as a peer, once`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const npm = spawnSync('npm', ['install', ...flags, `fauxqs@${VERSION}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: INSTALL_MS,
  })
  if (npm.status === 0) return undefined
  const said = (npm.stderr ?? '').trim().split('\n')[0] ?? ''
  return `npm could not install it${said === '' ? '' : ` (${said})`}`
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const bound = server.address()
      server.close(() => resolve(bound !== null && typeof bound === 'object' ? bound.port : 0))
    })
  })
}
