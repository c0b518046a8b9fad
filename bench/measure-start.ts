/** Start to the first healthy answer, and memory when idle, beside a bare node:http server started the same way. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Echo } from './echo.ts'
import { type Figure, type Row, type Settings, interleaved } from './figure.ts'
import { headersOf } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

/** One request to a service, as the memory figure demands. */
async function identity(platform: PlatformUnderTest): Promise<void> {
  const answer = await fetch(platform.url, {
    method: 'POST',
    headers: { ...headersOf('sts'), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  })
  if (answer.status !== 200) throw new Error(`GetCallerIdentity: ${answer.status}`)
  await answer.text()
}

interface Started {
  readonly startMs: number
  readonly memoryMb: number
}

async function ours(settings: Settings, cacheFolder: string): Promise<Started> {
  const platform = await PlatformUnderTest.start(settings, { cacheFolder })
  try {
    await identity(platform)
    return { startMs: platform.startMs, memoryMb: platform.memoryMb() }
  } finally {
    await platform.stop()
  }
}

async function floor(): Promise<Started> {
  const echo = await Echo.start()
  const memoryMb = echo.memoryMb()
  await echo.stop()
  return { startMs: echo.startMs, memoryMb }
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const cacheFolder = join(settings.scratch, 'start-cache')
  mkdirSync(cacheFolder)
  // images of /tmp are made once per machine, not once per start
  const images = join(settings.cacheFolder, 'tmp-images')
  if (existsSync(images)) cpSync(images, join(cacheFolder, 'tmp-images'), { recursive: true })
  const compiled = join(cacheFolder, 'compiled')
  const cold = async (): Promise<Started> => {
    rmSync(compiled, { recursive: true, force: true })
    return await ours(settings, cacheFolder)
  }
  const [colds = [], coldFloors = []] = await interleaved(settings.quick ? 1 : 3, [cold, floor])
  const warm = async (): Promise<Started> => await ours(settings, cacheFolder)
  const [warms = [], floors = []] = await interleaved(settings.quick ? 1 : 7, [warm, floor])
  const ms = (started: Started): number => started.startMs
  const mb = (started: Started): number => started.memoryMb
  const bare = 'bare node:http server'
  return [
    {
      figure: 'start to first healthy answer',
      unit: 'ms',
      ours: warms.map(ms),
      beside: { kind: 'floor', name: bare, values: floors.map(ms) },
      target: { relation: 'alone', atMost: 400 },
    },
    {
      figure: 'start, nothing compiled yet',
      unit: 'ms',
      ours: colds.map(ms),
      beside: { kind: 'floor', name: bare, values: coldFloors.map(ms) },
      target: undefined,
      note: 'the first start after an update; the table has no promise for it',
    },
    {
      figure: 'idle memory, server and launcher',
      unit: 'MB',
      ours: warms.map(mb),
      beside: { kind: 'floor', name: bare, values: floors.map(mb) },
      target: { relation: 'alone', atMost: 90 },
    },
  ]
}

export const start: Figure = { name: 'start', measure }
