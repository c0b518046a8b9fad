/**
 * Connections to one origin: kept alive, one request at a time on each, opened when all are busy. Hosts below
 * `localhost` are this machine without asking any name server, and the Host header keeps their name.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AnswerReader } from '#host/load/answer.ts'

/** What one exchange ends with; `broken` when the connection ended or spoke no HTTP before an answer was whole. */
export interface Exchange {
  readonly method: string
  /** Head and body as they are written. */
  readonly wire: string
  onFirstByte(): void
  onAnswer(status: number, bodyBytes: number): void
  onBroken(): void
}

interface Connection {
  readonly socket: Socket
  readonly reader: AnswerReader
  exchange: Exchange | undefined
  /** Exchanges it has served: only a used connection may have been closed while idle. */
  served: number
  begun: boolean
  /** Sends the exchange once more, for a used connection that closed before it took it. */
  onStale: (() => void) | undefined
}

/** An exchange under way. */
export interface Underway {
  /** Ends the connection; none of the exchange's callbacks follows. */
  abandon(): void
}

export class Origin {
  readonly #url: URL
  readonly #idle: Connection[] = []
  readonly #all = new Set<Connection>()

  constructor(url: URL) {
    this.#url = url
  }

  /** Sends at once. */
  send(exchange: Exchange): Underway {
    let connection = this.#idle.pop() ?? this.#open()
    const onStale = (): void => {
      connection = this.#open()
      this.#begin(connection, exchange, undefined)
    }
    this.#begin(connection, exchange, connection.served > 0 ? onStale : undefined)
    return {
      abandon: () => {
        connection.exchange = undefined
        this.#drop(connection)
      },
    }
  }

  close(): void {
    for (const connection of this.#all) {
      connection.exchange = undefined
      connection.socket.destroy()
    }
    this.#all.clear()
    this.#idle.length = 0
  }

  #begin(connection: Connection, exchange: Exchange, onStale: (() => void) | undefined): void {
    connection.exchange = exchange
    connection.onStale = onStale
    connection.begun = false
    connection.reader.reset(exchange.method)
    connection.socket.write(exchange.wire)
  }

  #open(): Connection {
    const { hostname, port, protocol } = this.#url
    const tls = protocol === 'https:'
    const name = hostname.replace(/^\[|\]$/g, '')
    const host = name === 'localhost' || name.endsWith('.localhost') ? '127.0.0.1' : name
    const at = { host, port: port === '' ? (tls ? 443 : 80) : Number(port) }
    const socket = tls ? connectTls({ ...at, servername: name }) : connect({ ...at, noDelay: true })
    const connection: Connection = {
      socket,
      reader: new AnswerReader(),
      exchange: undefined,
      served: 0,
      begun: false,
      onStale: undefined,
    }
    this.#all.add(connection)
    socket.on('data', (chunk) => this.#read(connection, chunk))
    // The end of the stream and every error are followed by `close`, which is where they count.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed(connection))
    return connection
  }

  #read(connection: Connection, chunk: Buffer): void {
    const { exchange, reader } = connection
    if (exchange === undefined) {
      this.#drop(connection)
      return
    }
    if (!connection.begun) {
      connection.begun = true
      exchange.onFirstByte()
    }
    const reading = reader.feed(chunk)
    if (reading === 'more') return
    connection.exchange = undefined
    if (reading === 'broken') {
      this.#drop(connection)
      exchange.onBroken()
      return
    }
    connection.served++
    if (reader.keepAlive) this.#idle.push(connection)
    else this.#drop(connection)
    exchange.onAnswer(reader.status, reader.bodyBytes)
  }

  #closed(connection: Connection): void {
    const { exchange, reader } = connection
    this.#drop(connection)
    if (exchange === undefined) return
    connection.exchange = undefined
    if (reader.close() === 'done') exchange.onAnswer(reader.status, reader.bodyBytes)
    else if (connection.onStale !== undefined && !connection.begun) connection.onStale()
    else exchange.onBroken()
  }

  #drop(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    connection.socket.destroy()
  }
}
