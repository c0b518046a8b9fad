/**
 * The composition root: opens what the machine gives, wires the services, listens. Everything that is opened here is
 * closed here, in the opposite order.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { accountId, DEFAULT_ACCOUNT, DEFAULT_REGION, regionOf } from '#base/ids.ts'
import { present } from '#base/assert.ts'
import type { Trouble } from '#base/trouble.ts'
import { HostClock } from '#host/clock.ts'
import { type HttpServer, listen } from '#host/http/server.ts'
import { type HostOutbound, hostOutbound } from '#host/http/outbound.ts'
import { peerUid } from '#host/http/peer.ts'
import { jsonLog } from '#host/log.ts'
import { hostRandom } from '#host/random.ts'
import { isEnvironmentUser } from '#host/sandbox/resources.ts'
import { type HostSandboxes, openSandboxes } from '#host/sandbox/sandboxes.ts'
import { InternalApi } from '#platform/api.ts'
import type { PlatformSettings } from '#platform/config.ts'
import { type ControlParts, control, wrong } from '#platform/control.ts'
import { LoopDelay } from '#platform/delay.ts'
import type { Mounted } from '#platform/mounted.ts'
import { ConsolePage } from '#platform/page.ts'
import { type PathParts, serve } from '#platform/request-path.ts'
import { type WiredServices, wireServices } from '#platform/services.ts'
import { type Storage, openStorage } from '#platform/storage.ts'
import { TargetTable } from '#platform/targets.ts'
import { PlatformTracer, type Tracing } from '#platform/tracing.ts'
import type { Log } from '#ports/log.ts'
import type { SandboxModes } from '#ports/sandboxes.ts'
import { Wires } from '#wire/wire.ts'

export const VERSION = '0.1.0'

/** Requests under way when the platform is told to end get this long. */
const CLOSE_GRACE_MS = 1_000

export interface Platform {
  readonly url: string
  readonly port: number
  readonly version: string
  /** From the start of the process to the first healthy answer. */
  readonly readyMs: number
  readonly modes: SandboxModes
  stop(): Promise<void>
}

export interface PlatformHooks {
  /** Long work, a line a step. */
  progress(line: string): void
  /** The machine is in the way of every further promise: the process must end. */
  fatal(trouble: Trouble): void
}

/** `src` or `dist`: where this file's room lies. */
const source = dirname(dirname(fileURLToPath(import.meta.url)))
const root = dirname(source)

const jsonFile = (...path: string[]): unknown => JSON.parse(readFileSync(join(source, ...path), 'utf8'))

export async function startPlatform(settings: PlatformSettings, hooks: PlatformHooks): Promise<Platform> {
  const log = jsonLog((line) => process.stderr.write(line), settings.logLevel)
  const fatal = (trouble: Trouble): void => {
    log.error('platform.fatal', { message: trouble.message, thing: trouble.thing })
    hooks.fatal(trouble)
  }
  const clock = new HostClock({ virtual: settings.virtualTime })
  const storage = await openStorage({ dataFolder: settings.dataFolder, log, now: () => clock.now(), fatal })
  try {
    return await composed({ settings, hooks, log, storage, clock })
  } catch (error) {
    await storage.close()
    throw error
  }
}

interface Opened {
  readonly settings: PlatformSettings
  readonly hooks: PlatformHooks
  readonly log: Log
  readonly storage: Storage
  readonly clock: HostClock
}

async function composed({ settings, hooks, log, storage, clock }: Opened): Promise<Platform> {
  const random = hostRandom(settings.seed)
  const tracing: Tracing = { clock, random, spans: storage.spans }
  const wires = new Wires(jsonFile('model', 'data', 'index.json'), (service) =>
    jsonFile('model', 'data', `${service}.json`),
  )
  const services = new Map<string, Mounted>()
  const targets = new TargetTable()
  let server: HttpServer | undefined
  const endpoint = (): string =>
    `http://127.0.0.1:${present(server, 'nothing runs before the port is open').port}`
  const api = new InternalApi({ services, wires, tracing, endpoint })
  const sandboxes = await openSandboxes({
    folder: join(storage.folder, 'sandboxes'),
    cacheFolder: settings.cacheFolder,
    endpoint,
    log,
    clock,
    progress: (line) => hooks.progress(line),
    strictRuntimes: settings.strictRuntimes,
  })
  const outbound = hostOutbound()
  const wired = wireServices({
    clock,
    random,
    stores: storage.stores,
    blobs: (service) => storage.blobs(service),
    sandboxes,
    spans: storage.spans,
    tracer: new PlatformTracer(tracing),
    outbound,
    usage: storage.usage,
    logEvents: storage.logEvents,
    log,
    api,
    targets,
    settings,
    endpoint,
    table: (name) => jsonFile('model', 'resources', `${name}.json`),
  })
  for (const { service, accept } of wired.all) {
    services.set(service.name, service)
    if (accept !== undefined) targets.register(service.name, accept)
  }
  const running: Omit<Running, 'port'> = {
    settings,
    log,
    tracing,
    wires,
    services,
    wired,
    sandboxes,
    storage,
    clock,
    delay: new LoopDelay(),
    page: new ConsolePage(root),
    api,
    outbound,
  }
  try {
    server = await opened(running)
    await Promise.all(wired.all.map(async ({ ready }) => await ready?.()))
  } catch (error) {
    await server?.close(0)
    await ended(running)
    throw error
  }
  return platformOf(running, server)
}

/** What the services and the machine hold, given back in the opposite order; the storage is its opener's to close. */
async function ended({ wired, outbound, sandboxes, delay, clock }: Omit<Running, 'port'>): Promise<void> {
  for (const { stop } of wired.all.toReversed()) await stop?.()
  outbound.close()
  await sandboxes.close()
  delay.stop()
  clock.stop()
}

/** Sweeps first, so that the first request finds nothing half-done; then the port. */
async function opened(running: Omit<Running, 'port'>): Promise<HttpServer> {
  const { settings, wired } = running
  await Promise.all(wired.all.map(async ({ start }) => await start?.()))
  let port = settings.port
  const parts = pathParts({ ...running, port: () => port })
  const server = await listen({
    port,
    address: settings.address,
    handle: (request, caller, reply) => void serve(parts, request, caller).then(reply),
  })
  port = server.port
  running.page.refresh()
  return server
}

function platformOf(running: Omit<Running, 'port'>, server: HttpServer): Platform {
  const { settings, sandboxes } = running
  return {
    url: `http://${settings.address === '0.0.0.0' ? '127.0.0.1' : settings.address}:${server.port}`,
    port: server.port,
    version: VERSION,
    readyMs: performance.now(),
    modes: sandboxes.modes(),
    stop: async () => {
      await server.close(CLOSE_GRACE_MS)
      await ended(running)
      await running.storage.close()
    },
  }
}

interface Running {
  readonly settings: PlatformSettings
  readonly log: Log
  readonly tracing: Tracing
  readonly wires: Wires
  readonly services: ReadonlyMap<string, Mounted>
  readonly wired: WiredServices
  readonly sandboxes: HostSandboxes
  readonly storage: Storage
  readonly clock: HostClock
  readonly delay: LoopDelay
  readonly page: ConsolePage
  readonly api: InternalApi
  readonly outbound: HostOutbound
  port(): number
}

function pathParts(running: Running): PathParts {
  const { settings, wired } = running
  const own = controlParts(running)
  return {
    tracing: running.tracing,
    log: running.log,
    rules: { allowedHosts: settings.allowedHosts, allowedOrigins: settings.allowedOrigins },
    wires: running.wires,
    services: running.services,
    enforcement: wired.enforcement,
    dataPlanes: wired.all.flatMap(({ dataPlane }) => (dataPlane === undefined ? [] : [dataPlane])),
    crossOrigin: async (request) => await wired.crossOrigin(request),
    postedForm: (request) => wired.postedForm(request),
    document: async (path) => await wired.document(path),
    checkCredentials: async (keyId, account) => await wired.checkCredentials(keyId, account),
    control: async (request) => {
      const uid = await peerUid(request.remote.port, running.port())
      if (uid !== undefined && isEnvironmentUser(uid)) {
        return wrong(403, 'A function may not drive the platform it runs on.', 'Call the AWS APIs instead.')
      }
      return await control(own, request)
    },
  }
}

function controlParts(running: Running): ControlParts {
  const { storage, wired, sandboxes, clock, api } = running
  return {
    clock,
    spans: storage.spans,
    usage: storage.usage,
    health: () => health(running),
    environments: () => ({ environments: wired.environments() }),
    endEnvironments: (how, what) => wired.endEnvironments(how, what),
    profile: (request) => wired.profile(request),
    delay: () => running.delay.read(),
    reset: async () => {
      for (const { reset } of wired.all.toReversed()) await reset?.()
      await sandboxes.clear()
      await storage.clear()
    },
    call: async ({ service, operation, input, account, region }) =>
      await api.run({
        service,
        operation,
        input,
        account: accountId(account) ?? DEFAULT_ACCOUNT,
        region: regionOf(region) ?? DEFAULT_REGION,
      }),
    page: async (path) => await running.page.answer(path),
    code: async (id) => {
      const body = await storage.blobs('lambda').read(id)
      return body === undefined
        ? undefined
        : { status: 200, headers: [['Content-Type', 'application/zip']], body }
    },
  }
}

function health(running: Running): unknown {
  const services = [...running.services.values()].map((service) => [
    service.name,
    { status: 'running', operations: service.written.size, notYet: service.notYet.length },
  ])
  return {
    status: 'ok',
    version: VERSION,
    profile: 'native',
    services: Object.fromEntries(services),
    modes: running.sandboxes.modes(),
    notices: [...running.storage.notices(), ...running.wired.notices()],
    clock: { virtual: running.settings.virtualTime },
    storage: running.settings.dataFolder === undefined ? 'memory' : 'durable',
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    versions: [`windtunnel ${VERSION}`, `node ${process.version}`],
  }
}
