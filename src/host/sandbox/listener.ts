/**
 * Bodies for what listens inside an environment, such as a subscriber of its telemetry: HTTP posts of their own, lines
 * over one TCP connection. Only to the environment's own address; never to another port than was asked for.
 */
import { connect, type Socket } from 'node:net'
import type { SandboxListener } from '#ports/sandboxes.ts'

/** Ports that belong to the environment's supervisor. Source: Lambda developer guide, Runtime API. */
const RUNTIME_PORT = 9_001
/** Of an answer, which only says yes or no. */
const ANSWER_MAX = 8_192

export class Listeners {
  readonly #address: string
  readonly #lines = new Map<number, Socket>()

  /** Without a port. */
  constructor(address: string) {
    this.#address = address
  }

  send(to: SandboxListener, body: Uint8Array, timeoutMs: number): Promise<boolean> {
    if (to.port === RUNTIME_PORT) return Promise.resolve(false)
    return to.protocol === 'HTTP' ? this.#post(to, body, timeoutMs) : this.#write(to.port, body, timeoutMs)
  }

  close(): void {
    for (const socket of this.#lines.values()) socket.destroy()
    this.#lines.clear()
  }

  #post({ port, path }: SandboxListener, body: Uint8Array, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: this.#address, noDelay: true })
      let answer = ''
      const finish = (taken: boolean): void => {
        socket.destroy()
        resolve(taken)
      }
      const late = setTimeout(finish, timeoutMs, false)
      socket.on('close', () => {
        clearTimeout(late)
        resolve(false)
      })
      socket.on('error', () => finish(false))
      socket.on('data', (chunk: Buffer) => {
        if (answer.length < ANSWER_MAX) answer += chunk.toString('latin1')
        if (answer.includes('\r\n')) finish(/^HTTP\/1\.\d 2\d\d/.test(answer))
      })
      const clean = path.replaceAll(/[^\x21-\x7e]/g, (unit) => encodeURIComponent(unit))
      socket.write(
        `POST ${clean} HTTP/1.1\r\nHost: sandbox.localdomain:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      )
      socket.write(body)
    })
  }

  #write(port: number, body: Uint8Array, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = this.#line(port)
      const finish = (taken: boolean): void => {
        clearTimeout(late)
        socket.off('close', lost)
        if (!taken) socket.destroy()
        resolve(taken)
      }
      const lost = (): void => finish(false)
      const late = setTimeout(lost, timeoutMs)
      socket.on('close', lost)
      socket.write(body, (error) => finish(error === undefined || error === null))
    })
  }

  #line(port: number): Socket {
    const known = this.#lines.get(port)
    if (known !== undefined && !known.destroyed) return known
    const socket = connect({ port, host: this.#address })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (this.#lines.get(port) === socket) this.#lines.delete(port)
    })
    socket.resume() // what the listener says is nobody's concern
    this.#lines.set(port, socket)
    return socket
  }
}
