/**
 * A platform in a process of its own, for flights and the main job: so that deploying, loading and reporting are not
 * done on the event loop that is measured. Its end is tied to ours by a pipe.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { numberAt, parseJson, stringAt, valueAt } from '#base/json.ts'
import type { Ready } from '#cli/ready.ts'
import { Trouble } from '#base/trouble.ts'

export interface SpawnedPlatform extends Ready {
  /** Resolves when it has ended, however. */
  readonly ended: Promise<number>
  stop(): Promise<void>
}

const STOP_GRACE_MS = 10_000

export async function spawnPlatform(
  options: readonly string[],
  step: (line: string) => void,
): Promise<SpawnedPlatform> {
  const entry = fileURLToPath(
    import.meta.resolve(import.meta.url.endsWith('.ts') ? './entry.ts' : './entry.js'),
  )
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', entry, 'up', '--json', ...options],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env: { ...process.env, WINDTUNNEL_PARENT_PIPE: '3', WINDTUNNEL_OUTLIVE_PARENT: undefined },
      // Ctrl-C reaches the whole terminal group; the platform must outlive it until the report is written.
      detached: true,
    },
  )
  const ended = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
  const ready = await firstLine(child, ended, step)
  return {
    version: stringAt(ready, 'version') ?? '',
    url: stringAt(ready, 'url') ?? '',
    readyMs: numberAt(ready, 'readyMs') ?? 0,
    modes: valueAt(ready, 'modes'),
    ended,
    stop: async () => {
      child.kill('SIGTERM')
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
      await ended
      clearTimeout(cut)
    },
  }
}

async function firstLine(
  child: ChildProcess,
  ended: Promise<number>,
  step: (line: string) => void,
): Promise<unknown> {
  const answer = Promise.withResolvers<unknown>()
  if (child.stdout === null)
    throw new Trouble('The platform has no output.', 'windtunnel up', 'Start it by hand to see why.')
  createInterface({ input: child.stdout }).on('line', (line) => {
    const document = parseJson(line)
    const event = stringAt(document, 'event')
    if (event === 'ready') answer.resolve(document)
    else if (event === 'progress') step(stringAt(document, 'line') ?? '')
    else if (event === undefined) answer.reject(troubleOf(document))
  })
  void ended.then((code) =>
    answer.reject(
      new Trouble(
        `The platform ended with code ${code} before it was ready.`,
        'windtunnel up',
        'Start it by hand to see why: windtunnel up',
      ),
    ),
  )
  return await answer.promise
}

function troubleOf(document: unknown): Trouble {
  const error = valueAt(document, 'error')
  return new Trouble(
    stringAt(error, 'message') ?? 'The platform did not start.',
    stringAt(error, 'thing') ?? 'windtunnel up',
    stringAt(error, 'remedy') ?? 'windtunnel doctor',
  )
}
