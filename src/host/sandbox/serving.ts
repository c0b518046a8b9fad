/**
 * Where one environment reaches the platform: the Runtime API on an address of its own, for our own clients also on a
 * unix socket that only they see, and the names by which it knows itself. What is answered there is the spec's.
 */
import { chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import type { Mount } from '#host/sandbox/confinement.ts'
import type { Host } from '#host/sandbox/host.ts'
import { Listeners } from '#host/sandbox/listener.ts'
import { type OnRequest, runtimeServer } from '#host/sandbox/runtime-api.ts'

export const SOCKET_INSIDE = '/run/windtunnel/runtime.sock'

export interface Serving {
  readonly host: Host
  /** Of the environment, for files. */
  readonly name: string
  readonly uid: number | undefined
  /** Our own client boots there, and takes the socket. */
  readonly ownClient: boolean
  /** Others than our own client will ask. */
  readonly othersToo: boolean
  readonly onConnection: () => void
  readonly onRequest: OnRequest
  /** What to give back, in the order it was taken. */
  readonly releases: (() => void | Promise<void>)[]
}

export interface Served {
  /** Of the Runtime API: a host with its port, or the socket where nothing else is served. */
  readonly address: string
  readonly mounts: readonly Mount[]
  /** Where the system gives each environment an address of its own. */
  readonly listeners: Listeners | undefined
}

/** Faults: Trouble when there is no address. */
export async function serve(serving: Serving): Promise<Served> {
  const { host, ownClient, othersToo, releases, uid } = serving
  const mounts: Mount[] = []
  if (ownClient) {
    const from = await listenUnix(opened(serving), serving)
    mounts.push({ from, to: SOCKET_INSIDE, writable: true })
  }
  // where all environments are one user, whoever dials an address cannot be told apart: only who needs one has it
  if (ownClient && !othersToo && uid === undefined)
    return { address: SOCKET_INSIDE, mounts, listeners: undefined }
  const address = await host.listenTcp(opened(serving))
  const ip = address.slice(0, address.lastIndexOf(':'))
  if (host.level !== 'process') mounts.push({ from: hostsFile(ip, serving), to: '/etc/hosts' })
  // an address that others share would lead to what is theirs
  const listeners = ip === '127.0.0.1' ? undefined : new Listeners(ip)
  releases.push(() => listeners?.close())
  return { address, mounts, listeners }
}

function opened({ host, uid, onConnection, onRequest, releases }: Serving): Server {
  const sockets = new Set<Socket>()
  const server = runtimeServer({
    admit: (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      return host.admits(socket, uid)
    },
    onConnection: () => onConnection(),
    onRequest,
  })
  releases.push(() => {
    server.close() // which removes a unix socket's file
    for (const socket of sockets) socket.destroy()
  })
  return server
}

async function listenUnix(server: Server, { host, name, uid }: Serving): Promise<string> {
  const path = join(host.runFolder, `s${name}`)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  server.unref()
  chmodSync(path, 0o600)
  if (uid !== undefined) chownSync(path, uid, uid)
  return path
}

/** The machine's, and the names by which extensions know their own environment. */
function hostsFile(ip: string, { host, name, releases }: Serving): string {
  const path = join(host.runFolder, `h${name}`)
  const known = readFileSync(join(host.system.etcFolder, 'hosts'), 'utf8')
  writeFileSync(path, `${known}\n${ip} sandbox.localdomain sandbox\n`)
  releases.push(() => rmSync(path, { force: true }))
  return path
}
