/**
 * A helper process that answers one line of JSON to each line of JSON: the load driver and the bare sandboxes run in
 * such children, so that neither shares an event loop with the other or with the bench.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseJson, stringAt } from '#base/json.ts'

export class Child {
  readonly #process: ChildProcess
  readonly #waiting: PromiseWithResolvers<unknown>[] = []

  /** `program` is a file of this folder. */
  constructor(program: string, args: readonly string[] = []) {
    const path = fileURLToPath(new URL(program, import.meta.url))
    this.#process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { stdout } = this.#process
    if (stdout === null) throw new Error(`${program} has no output`)
    createInterface({ input: stdout }).on('line', (line) => {
      const answer = parseJson(line)
      const waiting = this.#waiting.shift()
      const error = stringAt(answer, 'error')
      if (error === undefined) waiting?.resolve(answer)
      else waiting?.reject(new Error(`${program}: ${error}`))
    })
    this.#process.on('exit', (code) => {
      for (const waiting of this.#waiting.splice(0))
        waiting.reject(new Error(`${program} ended with ${code}`))
    })
  }

  /** Answers in the order of the questions. */
  async ask(question: unknown): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.push(waiting)
    this.#process.stdin?.write(`${JSON.stringify(question)}\n`)
    return await waiting.promise
  }

  /** Its input ends, and so does it. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.stdin?.end()
    await ended
  }
}

/** The child's side: one answer a line, one question at a time; ends with its input. */
export function answering(answer: (question: unknown) => Promise<unknown>, ended: () => Promise<void>): void {
  let last = Promise.resolve()
  const input = createInterface({ input: process.stdin })
  input.on('line', (line) => {
    last = last.then(async () => {
      const said = await answer(parseJson(line)).catch((error: unknown) => ({ error: String(error) }))
      process.stdout.write(`${JSON.stringify(said)}\n`)
    })
  })
  input.on('close', () => {
    void last.then(ended).then(() => process.exit(0))
  })
}
