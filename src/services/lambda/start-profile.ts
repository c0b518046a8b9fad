/**
 * One start of a function that is only looked at: an environment beside the pool's, ended before its first event. Not
 * billed, not logged, not traced: nobody called it. What is loaded meanwhile is told by our own runtime clients, which
 * the variable below asks for it, and a route of the Runtime API for what exactly.
 */
import { text } from '#base/bytes.ts'
import { hexId } from '#base/ids.ts'
import { parseJson, stringAt } from '#base/json.ts'
import type { Ms } from '#base/time.ts'
import type { RuntimeReply, RuntimeRequest } from '#ports/sandboxes.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'

const WATCH_VARIABLE = '_WINDTUNNEL_IMPORTS'
const WATCH_ROUTE = '/windtunnel/imports'
const OUTPUT_CHARACTERS = 2_000
/** Beyond AWS's own 10 s nothing is learned. */
const LIMIT_MS: Ms = 30_000

/** What the runtime client is to watch; undefined for a start as all others are. */
export type WatchOrder = Readonly<Record<string, unknown>> | undefined

export type StartProfile =
  | {
      readonly kind: 'started'
      /** From the process to its first request for work (or, when watched, to its record). */
      readonly initMs: Ms
      /** As the runtime client wrote it; undefined when nothing was watched or this runtime tells nothing. */
      readonly record: unknown
    }
  | { readonly kind: 'failed'; readonly why: string }

/** An error's type and message, as a runtime client reports it. */
function wordsOf(body: string): string {
  const error = parseJson(body)
  return `${stringAt(error, 'errorType') ?? 'Error'}: ${stringAt(error, 'errorMessage') ?? body}`
}

/** Resolves when nothing is left of the environment. */
export async function profileStart(
  ports: Pick<LambdaPorts, 'sandboxes' | 'clock' | 'random'>,
  of: ActiveFunction,
  variables: Readonly<Record<string, string>>,
  order: WatchOrder,
): Promise<StartProfile> {
  const { clock } = ports
  const ended = Promise.withResolvers<StartProfile>()
  let startedAt = clock.elapsed()
  let record: unknown
  let watchedMs: Ms | undefined
  let output = ''
  const failed = (why: string): void => ended.resolve({ kind: 'failed', why: `${why} ${output}`.trim() })
  const asked = (request: RuntimeRequest, reply: (reply: RuntimeReply) => void): void => {
    const { method, path, body } = request
    if (path === WATCH_ROUTE && method === 'GET')
      reply({ status: 200, headers: {}, body: JSON.stringify(order ?? {}) })
    else if (path === WATCH_ROUTE) {
      watchedMs = clock.elapsed() - startedAt
      record = parseJson(text(body))
      reply({ status: 202, headers: {}, body: '{}' })
    } else if (path.endsWith('/init/error')) ended.resolve({ kind: 'failed', why: wordsOf(text(body)) })
    else if (path.endsWith('/invocation/next'))
      ended.resolve({ kind: 'started', initMs: watchedMs ?? clock.elapsed() - startedAt, record })
    else reply({ status: 202, headers: {}, body: '{}' })
  }
  const sandbox = ports.sandboxes.start({
    id: hexId(ports.random, 16),
    runtime: of.runtime.identifier,
    code: of.code,
    layers: of.layers,
    handler: of.handler,
    environment: order === undefined ? variables : { ...variables, [WATCH_VARIABLE]: '1' },
    memoryMb: of.memoryMb,
    tmpMb: of.ephemeralMb,
    onRequest: asked,
    onOutput: (chunk) => (output = (output + text(chunk)).slice(-OUTPUT_CHARACTERS)),
    onStarted: () => (startedAt = clock.elapsed()),
    onExit: (exit) => failed(exit.trouble ?? 'The process ended before it asked for work.'),
  })
  sandbox.cpu('burst')
  const alarm = clock.after(LIMIT_MS, () => failed(`It did not ask for work within ${LIMIT_MS / 1_000} s.`))
  const profile = await ended.promise
  alarm.cancel()
  await sandbox.destroy(0)
  return profile
}
