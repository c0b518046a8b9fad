/** `windtunnel invoke`: one synchronous call of a function, its answer and the end of its log. */
import { readFileSync } from 'node:fs'
import { parseJson, stringAt } from '#base/json.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import type { Terminal } from '#cli/terminal.ts'

function payloadOf(parsed: Parsed): string {
  const given = parsed.value('payload') ?? '{}'
  if (given === '-') return readFileSync(0, 'utf8')
  return given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const name = parsed.words[0] ?? ''
  const payload = payloadOf(parsed)
  const started = performance.now()
  const response = await client.fetch(`/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, {
    method: 'POST',
    headers: { ...client.signed('lambda'), 'X-Amz-Log-Type': 'Tail' },
    body: payload,
  })
  const answer = await response.text()
  const tookMs = performance.now() - started
  const functionError = response.headers.get('x-amz-function-error') ?? undefined
  const log = Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString()
  const failed = !response.ok || functionError !== undefined
  if (terminal.json) {
    terminal.out(JSON.stringify({ status: response.status, functionError, payload: answer, log, tookMs }))
    return failed ? EXIT.failed : EXIT.ok
  }
  if (!response.ok) throw refusal(answer, name)
  terminal.out(answer)
  if (log !== '') terminal.note(log.trimEnd())
  terminal.note(
    `${functionError === undefined ? 'ok' : `function error ${functionError}`}  ${tookMs.toFixed(1)} ms at the client`,
  )
  return failed ? EXIT.failed : EXIT.ok
}

/** Lambda's refusals are JSON with one of two spellings of the message. */
function refusal(answer: string, name: string): UsageError {
  const parsed = parseJson(answer)
  const message = stringAt(parsed, 'Message') ?? stringAt(parsed, 'message') ?? answer
  return new UsageError(message, name, 'windtunnel environments lists the functions that ran.')
}

export const invoke: Command = {
  name: 'invoke',
  summary: 'Call a function once and show its answer and log.',
  usage: 'invoke FUNCTION [--payload JSON | @FILE | -]',
  example: `windtunnel invoke hello --payload '{"name":"wind"}'`,
  options: [
    {
      name: 'payload',
      value: 'JSON',
      sentence: 'The event: JSON, @FILE, or - for standard input (default {}).',
    },
    { name: 'region', value: 'REGION', sentence: 'Region of the function (default us-east-1).' },
  ],
  words: { min: 1, max: 1 },
  run,
}
