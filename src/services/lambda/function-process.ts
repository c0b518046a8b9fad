/**
 * The process inside one environment: whether it is there, whose doing its end was, CPU share, freezing and counters.
 * A thin skin over a sandbox that keeps calls off the hot path; it knows no invoke and no life cycle.
 */
import type { Ms } from '#base/time.ts'
import type { Sandbox, SandboxListener, SandboxUsage } from '#ports/sandboxes.ts'

const NO_USAGE: SandboxUsage = { cpuMs: 0, throttledMs: 0, runQueueMs: 0, peakMemoryBytes: 0, tmpBytes: 0 }

export class FunctionProcess {
  readonly #sandbox: Sandbox
  /** A process is there or being made. */
  #alive = true
  /** We have ended it and wait for word of that. */
  #killed = false
  #restartOnExit = false
  #frozen = false
  /** Whether the memory's CPU share holds. False after a freeze, which lifts the quota. */
  #limited = false
  #usage = NO_USAGE

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
    sandbox.cpu('burst')
  }

  /** False when what still comes from it must not count. */
  get current(): boolean {
    return this.#alive && !this.#killed
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** Makes it fit for an invoke: the quota first, then thaw. */
  wake(): void {
    if (!this.#limited) this.#sandbox.cpu('proportional')
    this.#limited = true
    if (!this.#frozen) return
    this.#frozen = false
    this.#sandbox.thaw()
  }

  freeze(): void {
    if (this.#frozen || !this.current) return
    this.#frozen = true
    this.#limited = false
    this.#sandbox.freeze()
  }

  /** Ends it at once; the sandbox stays. */
  kill(): void {
    this.#restartOnExit = false
    if (!this.current) return
    this.#killed = true
    this.#sandbox.kill()
  }

  /** From now on what comes from it does not count; it is ended by `finish`. */
  abandon(): void {
    this.#restartOnExit = false
    if (this.current) this.#killed = true
  }

  /** Ends what was abandoned. A restart that waits for its end goes on. */
  finish(): void {
    if (this.#alive && this.#killed) this.#sandbox.kill()
  }

  /** Lets the runtime start beside its extensions. */
  begin(): void {
    if (this.current) this.#sandbox.begin()
  }

  /** SIGTERM to the runtime. */
  terminate(): void {
    if (this.#alive) this.#sandbox.terminate()
  }

  /** To a listener inside; false when it was not taken. */
  send(to: SandboxListener, body: Uint8Array, timeoutMs: Ms): Promise<boolean> {
    return this.#alive ? this.#sandbox.send(to, body, timeoutMs) : Promise.resolve(false)
  }

  /** Ends it, but what follows still counts as its own end. */
  end(): void {
    if (this.current) this.#sandbox.kill()
  }

  /** Starts it again, once the old one has ended. */
  restart(): void {
    if (this.#alive) {
      this.#restartOnExit = true
      return
    }
    this.#restartOnExit = false
    this.#alive = true
    this.#usage = NO_USAGE
    this.#sandbox.restart()
  }

  /** It has ended: true when we did it, and then a restart that waited for this begins. */
  exited(): boolean {
    const ours = this.#killed
    this.#alive = false
    this.#killed = false
    this.#frozen = false
    if (this.#restartOnExit) this.restart()
    return ours
  }

  /** Counters at the last measurement and now. */
  measure(): { readonly before: SandboxUsage; readonly after: SandboxUsage } {
    const before = this.#usage
    this.#usage = this.#sandbox.usage()
    return { before, after: this.#usage }
  }

  destroy(graceMs: Ms): Promise<void> {
    return this.#sandbox.destroy(graceMs)
  }
}
