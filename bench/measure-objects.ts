/**
 * Objects: PutObject (durable) and GetObject of 1 KB beside fauxqs (npm, all in memory) and over bare node:http servers,
 * and GetObject of 64 MB beside a bare file server. All connections put to and get one key.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Echo } from './echo.ts'
import { type Beside, type Figure, type Row, type Settings, type Target, interleaved } from './figure.ts'
import { type Call, Driver, headersOf, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'
import { QueuePeer } from './sqs-peer.ts'

const CONNECTIONS = [1, 16] as const
const SMALL = 'x'.repeat(1_024)
const LARGE_MB = 64
const LARGE_BYTES = LARGE_MB * 1_024 * 1_024
const BUCKET = 'bench-objects'
const AT_LEAST_PEER: Target = { relation: 'ratio', atLeast: 1 }

/** The bare file server of `file-server.mjs` in a process of its own. */
class FileServer {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.port = port
  }

  static async start(settings: Settings): Promise<FileServer> {
    const program = fileURLToPath(new URL('file-server.mjs', import.meta.url))
    const child = spawn(process.execPath, [program, String(LARGE_BYTES), settings.scratch], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.once('data', (line) => resolve(Number(line)))
      child.once('exit', (code) => reject(new Error(`the file server ended with ${code}`)))
    })
    return new FileServer(child, port)
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.stdin?.end()
    await ended
  }
}

interface Contenders {
  readonly settings: Settings
  readonly platform: PlatformUnderTest
  readonly echo: Echo
  readonly files: FileServer
  readonly peer: QueuePeer
  readonly driver: Driver
}

const getOf = (key: string): Call => ({ method: 'GET', path: `/${BUCKET}/${key}`, service: 's3' })
const putOf = (key: string): Call => ({
  method: 'PUT',
  path: `/${BUCKET}/${key}`,
  service: 's3',
  body: SMALL,
  headers: { 'Content-Type': 'application/octet-stream', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
})

async function ask(port: number, path: string, body?: Uint8Array<ArrayBuffer> | string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'PUT',
    headers: headersOf('s3'),
    ...(body === undefined ? {} : { body }),
  })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`PUT ${path}: ${answer.status} ${text}`)
}

async function prepared(port: number): Promise<void> {
  await ask(port, `/${BUCKET}`)
  await ask(port, `/${BUCKET}/small`, SMALL)
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const peer = await QueuePeer.start(settings)
  const platform = await PlatformUnderTest.start(settings)
  const echo = await Echo.start()
  const files = await FileServer.start(settings)
  const driver = new Driver()
  const among: Contenders = { settings, platform, echo, files, peer, driver }
  try {
    await prepared(platform.port)
    if (peer.port !== undefined) await prepared(peer.port)
    await ask(platform.port, `/${BUCKET}/large`, new Uint8Array(LARGE_BYTES).fill(120))
    const rows: Row[] = []
    for (const connections of CONNECTIONS.toReversed()) rows.push(...(await puts(among, connections)))
    for (const connections of CONNECTIONS.toReversed()) rows.push(...(await gets(among, connections)))
    rows.push(await large(among))
    return rows
  } finally {
    await Promise.all([driver.end(), platform.stop(), echo.stop(), files.stop(), peer.stop()])
  }
}

/** Rates of one request on each port, in interleaved rounds after one that is not counted. */
async function rates(
  { settings, driver }: Contenders,
  call: Call,
  connections: number,
  ports: readonly number[],
): Promise<number[][]> {
  const ms = settings.quick ? 300 : 1_500
  const contenders = ports.map((port) => async (): Promise<number> => {
    const request = requestText(call, port)
    return (await driver.run({ port, request, connections, ms })).perSecond
  })
  await interleaved(1, contenders)
  return interleaved(settings.quick ? 1 : 7, contenders)
}

const peerPorts = (peer: QueuePeer): number[] => (peer.port === undefined ? [] : [peer.port])

const besidePeer = (peer: QueuePeer, values: readonly number[]): Beside =>
  peer.port === undefined
    ? { kind: 'skipped', name: 'fauxqs', reason: peer.reason }
    : { kind: 'peer', name: 'fauxqs', values }

async function puts(among: Contenders, connections: number): Promise<Row[]> {
  const { platform, files, echo, peer } = among
  const ports = [platform.port, files.port, echo.port, ...peerPorts(peer)]
  const [ours = [], durable = [], echoed = [], peers = []] = await rates(
    among,
    putOf('small'),
    connections,
    ports,
  )
  const one = {
    figure: `PutObject 1 KB, durable, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    unit: 'a s',
    ours,
  }
  const waits = connections === 1
  return [
    {
      ...one,
      beside: besidePeer(peer, peers),
      target: waits ? undefined : AT_LEAST_PEER,
      note: waits
        ? 'the peer holds all in memory; one connection waits for the disk each time'
        : 'the peer holds all in memory',
    },
    {
      ...one,
      beside: { kind: 'floor', name: 'bare node:http that appends and syncs', values: durable },
      target: waits ? { relation: 'ratio', atLeast: 0.5 } : undefined,
    },
    { ...one, beside: { kind: 'floor', name: 'bare node:http echo', values: echoed }, target: undefined },
  ]
}

async function gets(among: Contenders, connections: number): Promise<Row[]> {
  const { platform, echo, peer } = among
  const ports = [platform.port, echo.port, ...peerPorts(peer)]
  const [ours = [], echoed = [], peers = []] = await rates(among, getOf('small'), connections, ports)
  const one = {
    figure: `GetObject 1 KB, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    unit: 'a s',
    ours,
  }
  return [
    { ...one, beside: besidePeer(peer, peers), target: AT_LEAST_PEER },
    { ...one, beside: { kind: 'floor', name: 'bare node:http echo', values: echoed }, target: undefined },
  ]
}

async function large({ settings, platform, files }: Contenders): Promise<Row> {
  const request = (port: number): string => requestText(getOf('large'), port)
  const contenders = [platform.port, files.port].map((port) => async (): Promise<number> => {
    const startedAt = performance.now()
    const downloads = settings.quick ? 1 : 8
    for (let i = 0; i < downloads; i++) await download(port, request(port))
    return (1_000 * LARGE_MB * downloads) / (performance.now() - startedAt)
  })
  await interleaved(1, contenders)
  const [ours = [], floors = []] = await interleaved(settings.quick ? 1 : 7, contenders)
  return {
    figure: `GetObject ${LARGE_MB} MB, 1 connection`,
    unit: 'MB/s',
    ours,
    beside: { kind: 'floor', name: 'bare node:http and createReadStream', values: floors },
    target: { relation: 'ratio', atLeast: 0.9 },
  }
}

/** Reads the answer to its end and keeps nothing of it but its head. Faults: Error unless it is a 200 of the right length. */
function download(port: number, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request))
    let head = ''
    let left: number | undefined
    socket.on('data', (chunk) => {
      let bytes = chunk.length
      if (left === undefined) {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        const announced = Number(/\r\ncontent-length: *(\d+)/i.exec(head.slice(0, end))?.[1])
        if (!head.startsWith('HTTP/1.1 200') || announced !== LARGE_BYTES)
          socket.destroy(new Error(`no large body: ${head.slice(0, end)}`))
        bytes = head.length - end - 4
        left = LARGE_BYTES
      }
      left -= bytes
      if (left <= 0) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (left === 0) resolve()
      else reject(new Error('the body was not whole'))
    })
  })
}

export const objects: Figure = { name: 'objects', measure }
