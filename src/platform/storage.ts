/** Where everything durable lies: folders below the data folder, or nothing but memory. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { present } from '#base/assert.ts'
import type { Trouble } from '#base/trouble.ts'
import { fileBlobs } from '#host/blobs/files.ts'
import { memoryBlobs } from '#host/blobs/memory.ts'
import { memoryStores } from '#host/store/memory.ts'
import { openStores } from '#host/store/sqlite.ts'
import { logEventsOn } from '#host/telemetry/log-events.ts'
import { memoryTelemetry } from '#host/telemetry/memory.ts'
import { openTelemetry } from '#host/telemetry/telemetry.ts'
import { spansOn } from '#host/telemetry/spans.ts'
import type { Telemetry } from '#host/telemetry/stream.ts'
import { usageOn } from '#host/telemetry/usage.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Log } from '#ports/log.ts'
import type { LogEvents } from '#ports/log-events.ts'
import type { Spans } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Usage } from '#ports/usage.ts'

/** Each has a folder of its own, so that a sweep of one never sees another's. */
const SERVICES_WITH_BODIES = ['lambda', 's3'] as const
/** Files of the store that hold their small bodies. */
const SMALL_BODIES = { lambda: 'function-packages', s3: 'object-bodies' } as const

export interface Storage {
  readonly stores: Stores
  /** For what must be files in any case: a temporary folder when everything else is in memory. */
  readonly folder: string
  /** Bodies of one service. */
  blobs(service: string): Blobs
  readonly spans: Spans
  readonly usage: Usage
  readonly logEvents: LogEvents
  /** What is missing from the record, in sentences. */
  notices(): readonly string[]
  /** Empties all of it. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface StorageOptions {
  readonly dataFolder: string | undefined
  readonly log: Log
  now(): number
  fatal(trouble: Trouble): void
}

/**
 * Functions have users of their own: they pass through it to their code and their /tmp, and list nothing. Named by our
 * process id, so that the next platform sweeps what a killed one left.
 */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), `windtunnel-${process.pid}-memory-`))
  chmodSync(folder, 0o711)
  return folder
}

export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { dataFolder, log } = options
  const fatal = (trouble: Trouble): void => options.fatal(trouble)
  const folder = dataFolder ?? temporaryFolder()
  const stores =
    dataFolder === undefined
      ? memoryStores()
      : await openStores({ folder: join(folder, 'store'), log, fatal })
  const telemetry =
    dataFolder === undefined
      ? memoryTelemetry()
      : await openTelemetry({ folder: join(folder, 'telemetry'), now: () => options.now(), fatal })
  const blobs = new Map<string, Blobs>()
  for (const service of SERVICES_WITH_BODIES) {
    blobs.set(
      service,
      dataFolder === undefined
        ? memoryBlobs()
        : await fileBlobs({
            folder: join(folder, 'blobs', service),
            small: stores.open(SMALL_BODIES[service]),
          }),
    )
  }
  return {
    folder,
    stores,
    blobs: (service) => present(blobs.get(service), `${service} is a service with bodies`),
    spans: spansOn(telemetry),
    usage: usageOn(telemetry),
    logEvents: logEventsOn(telemetry),
    notices: () => droppedNotices(telemetry),
    clear: async () => {
      await Promise.all([
        stores.clear(),
        telemetry.clear(),
        ...[...blobs.values()].map(async (each) => await each.clear()),
      ])
    },
    close: async () => {
      await stores.close()
      await telemetry.close()
      if (dataFolder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

const DROPPED = [
  ['usage', 'usage records were dropped, so bills of that time are too small'],
  ['spans', 'spans were dropped, so traces and phases of that time are incomplete'],
] as const

/** Retention drops the oldest; the reader of a bill must know. */
function droppedNotices(telemetry: Telemetry): string[] {
  return DROPPED.flatMap(([stream, what]) => {
    const { droppedLines } = telemetry.stream(stream).stats()
    return droppedLines === 0 ? [] : [`${droppedLines} ${what}.`]
  })
}
