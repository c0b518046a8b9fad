/** Starts the bare node:http server of `echo.mjs` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pssMb } from './platform.ts'

export class Echo {
  readonly port: number
  /** From spawn to its first answer. */
  readonly startMs: number
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, port: number, startMs: number) {
    this.#process = child
    this.port = port
    this.startMs = startMs
  }

  static async start(): Promise<Echo> {
    const startedAt = performance.now()
    const program = fileURLToPath(new URL('echo.mjs', import.meta.url))
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.once('data', (line) => resolve(Number(line)))
      child.once('exit', (code) => reject(new Error(`the echo server ended with ${code}`)))
    })
    await (await fetch(`http://127.0.0.1:${port}/`)).text()
    return new Echo(child, port, performance.now() - startedAt)
  }

  memoryMb(): number {
    return pssMb(this.#process.pid ?? 0)
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.stdin?.end()
    await ended
  }
}
