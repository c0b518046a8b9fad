/**
 * Carries one environment's log events to the Logs service, in batches, off the invoke's path. Makes the group and
 * the stream on first use, as Lambda does. Bounded: beyond it the newest events are dropped, and a line says how many.
 */
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { LOG_BATCH, LOG_BUFFER_EVENTS, LOG_BUFFER_LENGTH, LOG_FLUSH_MS } from '#services/lambda/limits.ts'

export interface LogEvent {
  readonly timestamp: number
  readonly message: string
}

export interface LogDestination {
  readonly group: string
  readonly stream: string
  readonly functionArn: string
  readonly as: ApiIdentity
}

export interface LogWriterPorts {
  readonly clock: Clock
  readonly api: Api
  readonly log: Log
}

export class LogWriter {
  readonly #ports: LogWriterPorts
  readonly #to: LogDestination
  #events: LogEvent[] = []
  #length = 0
  #dropped = 0
  #alarm: Alarm | undefined
  #made = false
  #writing: Promise<void> | undefined

  constructor(ports: LogWriterPorts, to: LogDestination) {
    this.#ports = ports
    this.#to = to
  }

  add(timestamp: number, message: string): void {
    if (this.#events.length >= LOG_BUFFER_EVENTS || this.#length >= LOG_BUFFER_LENGTH) {
      this.#dropped++
      return
    }
    this.#events.push({ timestamp, message })
    this.#length += message.length
    if (this.#alarm !== undefined || this.#writing !== undefined) return
    this.#alarm = this.#ports.clock.after(LOG_FLUSH_MS, () => {
      this.#alarm = undefined
      void this.flush()
    })
  }

  /** Resolves when everything added until now is written. */
  async flush(): Promise<void> {
    this.#alarm?.cancel()
    this.#alarm = undefined
    while (this.#writing !== undefined || this.#events.length > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
      await this.#writing
    }
  }

  async #write(): Promise<void> {
    const events = this.#events
    this.#events = []
    this.#length = 0
    const last = events.at(-1)
    if (this.#dropped > 0 && last !== undefined) {
      events.push({ timestamp: last.timestamp, message: `${this.#dropped} log events were dropped.\n` })
      this.#dropped = 0
    }
    for (const batch of batchesOf(events)) await this.#put(batch)
  }

  async #put(logEvents: readonly LogEvent[]): Promise<void> {
    const { group, stream, functionArn, as } = this.#to
    for (let attempt = 0; ; attempt++) {
      try {
        if (!this.#made) await this.#make()
        await this.#ports.api.call(
          'logs',
          'PutLogEvents',
          {
            logGroupName: group,
            logStreamName: stream,
            logEvents,
            entity: {
              keyAttributes: {
                Type: 'AWS::Resource',
                ResourceType: 'AWS::Lambda::Function',
                Identifier: functionArn,
              },
            },
          },
          as,
        )
        return
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        this.#made = false
        if (attempt === 0 && error.code === 'ResourceNotFoundException') continue
        // As on Lambda, a function whose lines cannot be written goes on without them.
        this.#ports.log.warn('lambda.logs.refused', { group, stream, code: error.code, why: error.message })
        return
      }
    }
  }

  async #make(): Promise<void> {
    const { group, stream, as } = this.#to
    const { api } = this.#ports
    await unlessThere(api.call('logs', 'CreateLogGroup', { logGroupName: group }, as))
    await unlessThere(api.call('logs', 'CreateLogStream', { logGroupName: group, logStreamName: stream }, as))
    this.#made = true
  }
}

async function unlessThere(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'ResourceAlreadyExistsException') throw error
  }
}

/** Events in the portions that one PutLogEvents takes. */
export function batchesOf(events: readonly LogEvent[]): LogEvent[][] {
  const batches: LogEvent[][] = []
  let batch: LogEvent[] = []
  let bytes = 0
  for (const event of events) {
    // Three bytes a UTF-16 unit at most: exact sizes only where that bound is near.
    const most = event.message.length * 3
    const size = (most > LOG_BATCH.bytes / 64 ? utf8(event.message).length : most) + LOG_BATCH.overheadBytes
    if (batch.length >= LOG_BATCH.events || (batch.length > 0 && bytes + size > LOG_BATCH.bytes)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(event)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
