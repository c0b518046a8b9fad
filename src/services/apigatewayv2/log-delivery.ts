/**
 * Carries access log lines to CloudWatch Logs in batches, off the request's path. One stream for each group and stage,
 * made on first use; the group is the user's. Bounded: beyond it the newest lines are dropped and our own log says how many.
 */
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { hexId } from '#base/ids.ts'
import { hours } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import {
  LOG_BATCH_BYTES,
  LOG_BATCH_LINES,
  LOG_FLUSH,
  LOG_LINES_MAX,
  LOG_STREAMS_MAX,
} from '#services/apigatewayv2/limits.ts'
import type { ApiOwner } from '#services/apigatewayv2/state.ts'

export interface DeliveryPorts {
  readonly clock: Clock
  readonly api: Api
  readonly log: Log
  readonly random: Random
}

interface Line {
  readonly timestamp: number
  readonly message: string
}

interface Stream {
  readonly group: string
  readonly owner: ApiOwner
  /** Thirty-two hex digits, as AWS's streams of access logs look (inferred). */
  readonly name: string
  made: boolean
  lines: Line[]
}

export class LogDelivery {
  readonly #ports: DeliveryPorts
  readonly #streams = new Map<string, Stream>()
  #waiting = 0
  #dropped = 0
  #alarm: Alarm | undefined
  #writing: Promise<void> | undefined

  constructor(ports: DeliveryPorts) {
    this.#ports = ports
  }

  /** `source` names API and stage; each has a stream of its own in the group. */
  add(to: { readonly group: string; readonly source: string; readonly owner: ApiOwner }, line: Line): void {
    if (this.#waiting >= LOG_LINES_MAX) {
      this.#dropped++
      return
    }
    const { account, region } = to.owner
    const name = `${account}/${region}/${to.group}/${to.source}`
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = {
        group: to.group,
        owner: to.owner,
        name: hexId(this.#ports.random, 16),
        made: false,
        lines: [],
      }
      this.#streams.set(name, stream)
    }
    stream.lines.push(line)
    this.#waiting++
    if (this.#writing !== undefined) return
    this.#alarm ??= this.#ports.clock.after(LOG_FLUSH, () => void this.flush())
  }

  /** Resolves when everything added until now is written. */
  async flush(): Promise<void> {
    this.#alarm?.cancel()
    this.#alarm = undefined
    while (this.#writing !== undefined || this.#waiting > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
      await this.#writing
    }
  }

  /** Drops what waits, after the stores were emptied. */
  clear(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    this.#streams.clear()
    this.#waiting = 0
    this.#dropped = 0
  }

  async #write(): Promise<void> {
    const dropped = this.#dropped
    this.#dropped = 0
    if (dropped > 0) this.#ports.log.warn('apigatewayv2.access-log.dropped', { lines: dropped })
    for (const stream of this.#streams.values()) {
      const lines = stream.lines
      if (lines.length === 0) continue
      stream.lines = []
      this.#waiting -= lines.length
      const sorted = lines.sort((a, b) => a.timestamp - b.timestamp)
      for (const batch of batchesOf(sorted)) await this.#put(stream, batch)
    }
    if (this.#streams.size <= LOG_STREAMS_MAX) return
    for (const [name, { lines }] of this.#streams) if (lines.length === 0) this.#streams.delete(name)
  }

  async #put(stream: Stream, logEvents: readonly Line[]): Promise<void> {
    const { api, log } = this.#ports
    const { group: logGroupName, name: logStreamName, owner } = stream
    for (let attempt = 0; ; attempt++) {
      try {
        if (!stream.made)
          await unlessThere(api.call('logs', 'CreateLogStream', { logGroupName, logStreamName }, owner))
        stream.made = true
        await api.call('logs', 'PutLogEvents', { logGroupName, logStreamName, logEvents }, owner)
        return
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        const isRemade = stream.made && error.code === 'ResourceNotFoundException'
        stream.made = false
        if (attempt === 0 && isRemade) continue
        // As with AWS, requests go on without their lines when the group is gone.
        log.warn('apigatewayv2.access-log.refused', {
          group: logGroupName,
          code: error.code,
          why: error.message,
        })
        return
      }
    }
  }
}

async function unlessThere(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'ResourceAlreadyExistsException') throw error
  }
}

/** In the portions that one PutLogEvents takes: by count, bytes and a day from the first to the last. */
function batchesOf(lines: readonly Line[]): Line[][] {
  const batches: Line[][] = []
  let batch: Line[] = []
  let bytes = 0
  for (const line of lines) {
    const size = utf8(line.message).length + 26
    const first = batch[0]?.timestamp ?? line.timestamp
    const isFull = batch.length >= LOG_BATCH_LINES || bytes + size > LOG_BATCH_BYTES
    if (batch.length > 0 && (isFull || line.timestamp - first >= hours(24))) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(line)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
