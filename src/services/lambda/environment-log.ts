/**
 * One environment's log stream: Lambda's own lines, the function's output as events, and the tail of the invoke
 * under way. The sandbox hands on output before the request that the function made after it, so lines are in order.
 */
import type { Clock } from '#ports/clock.ts'
import { LOG_TAIL_BYTES } from '#services/lambda/limits.ts'
import { AtLeast } from '#services/lambda/log-levels.ts'
import {
  type InitializationType,
  type SystemLine,
  levelOf,
  systemJson,
  systemText,
} from '#services/lambda/log-lines.ts'
import { OutputLines } from '#services/lambda/log-output.ts'
import type { LogWriter } from '#services/lambda/log-writer.ts'
import { text, utf8 } from '#base/bytes.ts'
import { type Instant, instant } from '#base/time.ts'

export interface LogSettings {
  readonly logFormat: string
  readonly applicationLogLevel: string | undefined
  readonly systemLogLevel: string | undefined
}

/** Who is told of everything, whatever the levels. */
export interface LogSink {
  system(line: SystemLine, at: Instant): void
  /** One line that the function or an extension wrote. */
  line(kind: 'function' | 'extension', text: string, at: Instant): void
}

export class EnvironmentLog {
  readonly #clock: Clock
  readonly #writer: LogWriter
  readonly #type: InitializationType
  readonly #json: boolean
  readonly #systemLevels: AtLeast
  readonly #applicationLevels: AtLeast
  readonly #output = new OutputLines()
  readonly #extensions = new OutputLines()
  #sink: LogSink | undefined
  #tail: string[] | undefined

  constructor(clock: Clock, writer: LogWriter, of: LogSettings, type: InitializationType = 'on-demand') {
    this.#clock = clock
    this.#writer = writer
    this.#type = type
    this.#json = of.logFormat === 'JSON'
    this.#systemLevels = new AtLeast(of.systemLogLevel)
    this.#applicationLevels = new AtLeast(of.applicationLogLevel)
  }

  /** From now on it is told of everything too. */
  tell(sink: LogSink): void {
    this.#sink = sink
  }

  /** Bytes of extensions. */
  extension(chunk: Uint8Array, droppedBytes: number): void {
    const at = this.#now()
    for (const event of this.#extensions.push(chunk)) {
      this.#sink?.line('extension', event, at)
      this.#event(at, event)
    }
    if (droppedBytes > 0) this.#event(at, `${droppedBytes} bytes of output of extensions were dropped.\n`)
  }

  /** A line of Lambda's own. */
  system(line: SystemLine): void {
    this.#system(line, this.#now())
  }

  /** Bytes of the function. */
  output(chunk: Uint8Array, droppedBytes: number): void {
    const at = this.#now()
    for (const event of this.#output.push(chunk)) this.#written(at, event)
    if (droppedBytes > 0) this.#event(at, `${droppedBytes} bytes of output were dropped.\n`)
  }

  /** An event that is neither output nor a system line, such as how the process ended. */
  note(message: string): void {
    this.#event(this.#now(), message)
  }

  /** From now on events belong to an invoke; `tail` collects them when its caller wants them. */
  begin(tail: string[] | undefined): void {
    this.#tail = tail
  }

  /** The invoke is over: output without a line end is an event now, and these lines follow. */
  close(lines: readonly SystemLine[]): void {
    const at = this.#now()
    for (const event of this.#output.flush()) this.#written(at, event)
    for (const line of lines) this.#system(line, at)
    this.#tail = undefined
  }

  /** Resolves when all of it is with the Logs service. */
  async flush(): Promise<void> {
    this.close([])
    await this.#writer.flush()
  }

  #system(line: SystemLine, at: Instant): void {
    this.#sink?.system(line, at)
    if (this.#json && !this.#systemLevels.has(levelOf(line, this.#type))) return
    const message = this.#json ? systemJson(line, at, this.#type) : systemText(line, this.#type)
    if (message === undefined) return
    const inTail = !line.kind.startsWith('init-')
    this.#writer.add(at, message)
    if (inTail) this.#tail?.push(message)
  }

  #written(at: Instant, event: string): void {
    this.#sink?.line('function', event, at)
    if (!this.#json) this.#event(at, linesOf(event))
    else if (this.#applicationLevels.hasEntry(event)) this.#event(at, event)
  }

  #event(at: Instant, message: string): void {
    this.#writer.add(at, message)
    this.#tail?.push(message)
  }

  #now(): Instant {
    return instant(Math.floor(this.#clock.now()))
  }
}

/**
 * One event of several lines: runtimes part them by carriage returns, which end no event, and readers get line feeds.
 * Source: AWS's public Node.js and Python interface clients, and log events as CloudWatch shows them.
 */
function linesOf(event: string): string {
  if (!event.includes('\r')) return event
  const end = event.endsWith('\r\n') ? 2 : event.endsWith('\n') ? 1 : 0
  const inner = event.slice(0, event.length - end)
  return inner.replaceAll(/\r\n?/g, '\n') + event.slice(event.length - end)
}

/** The last 4 KB, cut at the beginning of a character. Source: Lambda API, Invoke, LogType. */
export function tailOf(events: readonly string[]): string {
  const kept: string[] = []
  let size = 0
  for (let at = events.length - 1; at >= 0 && size < LOG_TAIL_BYTES; at--) {
    const event = events[at] ?? ''
    kept.push(event)
    size += event.length
  }
  const bytes = utf8(kept.reverse().join(''))
  let from = Math.max(0, bytes.length - LOG_TAIL_BYTES)
  while (from > 0 && from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++
  return text(bytes.subarray(from))
}
