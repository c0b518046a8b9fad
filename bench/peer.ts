/**
 * serverless-offline as the peer of warm invokes. It is installed into the cache folder when it is first needed, at the
 * last versions that run without an account of its maker; where that fails, its rows say why.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { NODE_HELLO } from './code.ts'
import type { Settings } from './figure.ts'

const PACKAGES = ['serverless@3.40.0', 'serverless-offline@13.9.0']
const INSTALL_MS = 180_000
const START_MS = 60_000

export class Peer {
  readonly port: number | undefined
  readonly reason: string
  readonly functionName = 'bench-dev-warm'
  readonly #process: ChildProcess | undefined

  private constructor(found: { port?: number; reason?: string; process?: ChildProcess }) {
    this.port = found.port
    this.reason = found.reason ?? ''
    this.#process = found.process
  }

  static async start(settings: Settings): Promise<Peer> {
    if (settings.quick) return new Peer({ reason: 'not installed for a quick run' })
    const folder = join(settings.cacheFolder, 'bench', 'serverless-offline')
    const reason = installed(folder, settings)
    if (reason !== undefined) return new Peer({ reason })
    const [port, httpPort] = [await freePort(), await freePort()]
    writeFileSync(join(folder, 'serverless.yml'), serviceFile())
    writeFileSync(join(folder, 'index.js'), NODE_HELLO['index.js'])
    const child = spawn(
      process.execPath,
      [
        join(folder, 'node_modules/serverless/bin/serverless.js'),
        'offline',
        '--lambdaPort',
        String(port),
        '--httpPort',
        String(httpPort),
      ],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'ignore'],
        detached: true,
        env: {
          ...process.env,
          SLS_TELEMETRY_DISABLED: '1',
          SLS_NOTIFICATIONS_MODE: 'off',
          SLS_DEPRECATION_DISABLE: '*',
        },
      },
    )
    const peer = new Peer({ port, process: child })
    if (await peer.#answers()) return peer
    await peer.stop()
    return new Peer({ reason: 'it did not answer within a minute' })
  }

  async #answers(): Promise<boolean> {
    const deadline = performance.now() + START_MS
    while (performance.now() < deadline && this.#process?.exitCode === null) {
      const address = `http://127.0.0.1:${this.port}/2015-03-31/functions/${this.functionName}/invocations`
      const answer = await fetch(address, { method: 'POST', body: '{}' }).catch(() => undefined)
      if (answer?.status === 200) return (await answer.text()).includes('world')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return false
  }

  async stop(): Promise<void> {
    const child = this.#process
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    process.kill(-child.pid, 'SIGKILL')
    await ended
  }
}

/** Undefined when it is there, else the reason in words. */
function installed(folder: string, settings: Settings): string | undefined {
  if (existsSync(join(folder, 'node_modules/serverless-offline/package.json'))) return undefined
  settings.step(`installing ${PACKAGES.join(' and ')} as a peer, once`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const npm = spawnSync('npm', ['install', ...flags, ...PACKAGES], {
    cwd: folder,
    encoding: 'utf8',
    timeout: INSTALL_MS,
  })
  if (npm.status === 0) return undefined
  const said = (npm.stderr ?? '').trim().split('\n')[0] ?? ''
  return `npm could not install it${said === '' ? '' : ` (${said})`}`
}

function serviceFile(): string {
  return `service: bench
frameworkVersion: '3'
configValidationMode: off
provider: { name: aws, runtime: nodejs20.x, region: us-east-1 }
plugins: [serverless-offline]
functions:
  warm: { handler: index.handler }
`
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const bound = server.address()
      server.close(() => resolve(bound !== null && typeof bound === 'object' ? bound.port : 0))
    })
  })
}
