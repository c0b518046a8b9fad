/** `windtunnel invoke`: one synchronous call of a function, its answer and the end of its log. */
import { readFileSync } from 'node:fs'
import { parseJson, stringAt } from '#base/json.ts'
import type { Parsed } from '#cli/arguments.ts'
import { ApiError, clientOf } from '#cli/client.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { textOf } from '#cli/files.ts'
import { functionNamed } from '#cli/functions.ts'
import type { Terminal } from '#cli/terminal.ts'

function payloadOf(parsed: Parsed): string {
  const given = parsed.value('payload') ?? '{}'
  if (given === '-') return readFileSync(0, 'utf8')
  return given.startsWith('@') ? textOf(given.slice(1)) : given
}

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const client = clientOf(parsed)
  const payload = payloadOf(parsed)
  const name = await functionNamed(client, parsed.words[0] ?? '')
  if (parsed.has('cold'))
    await client.post('/_windtunnel/environments', { action: 'recycle', function: name })
  const started = performance.now()
  const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
  const headers = { 'x-amz-log-type': 'Tail' }
  const response = await client.send('lambda', path, { method: 'POST', headers, body: payload })
  const answer = await client.text(response)
  const tookMs = performance.now() - started
  if (!response.ok) throw refusal(response, answer, name)
  const functionError = response.headers.get('x-amz-function-error') ?? undefined
  const log = Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString()
  if (terminal.json) {
    terminal.out(JSON.stringify({ status: response.status, functionError, payload: answer, log, tookMs }))
    return functionError === undefined ? EXIT.ok : EXIT.failed
  }
  terminal.out(answer)
  if (log !== '') terminal.note(log.trimEnd())
  terminal.note(
    `${functionError === undefined ? 'ok' : `function error ${functionError}`}  ${tookMs.toFixed(1)} ms at the client`,
  )
  return functionError === undefined ? EXIT.ok : EXIT.failed
}

/** Lambda's refusals are JSON with one of two spellings of the message. */
function refusal(response: Response, answer: string, name: string): ApiError {
  const parsed = parseJson(answer)
  const message = stringAt(parsed, 'Message') ?? stringAt(parsed, 'message') ?? answer
  const code = response.headers.get('x-amzn-errortype') ?? `HTTP ${response.status}`
  return new ApiError(code, message, {
    thing: `${name}, ${code}`,
    remedy: 'windtunnel invoke --help shows how an event is given.',
  })
}

export const invoke: Command = {
  name: 'invoke',
  summary: 'Call a function once and show its answer and log.',
  usage: 'invoke FUNCTION [--payload JSON | @FILE | -] [--cold]',
  example: `windtunnel invoke hello --payload '{"name":"wind"}'`,
  options: [
    {
      name: 'payload',
      value: 'JSON',
      sentence: 'The event: JSON, @FILE, or - for standard input (default {}).',
    },
    { name: 'cold', sentence: "End the function's idle environments first, so that this call starts one." },
    { name: 'region', value: 'REGION', sentence: 'Region of the function (default us-east-1).' },
  ],
  words: { min: 1, max: 1 },
  run,
}
