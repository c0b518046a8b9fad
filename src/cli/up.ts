/** `windtunnel up`: the platform itself, in this process, until Ctrl-C, TERM, or the end of whoever started it. */
import { resolve } from 'node:path'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { cacheFolder } from '#cli/cache-folder.ts'
import { type Command, EXIT, type OptionSpec } from '#cli/command.ts'
import { asCalled, forPlatform } from '#cli/program.ts'
import { type Ready, readyLines } from '#cli/ready.ts'
import type { Terminal } from '#cli/terminal.ts'
import { LEVELS, type LogLevel } from '#host/log.ts'
import { watchParent } from '#host/parent.ts'
import { type PlatformSettings, SETTINGS } from '#platform/config.ts'
import { startPlatform } from '#platform/platform.ts'

const SECOND = 1_000

/** An option's value, else its variable's. */
function setting(parsed: Parsed, name: string, variable: string): string | undefined {
  return parsed.has(name) ? (parsed.value(name) ?? '') : process.env[variable]
}

function whole(parsed: Parsed, name: string, variable: string, fallback: number): number {
  const given = setting(parsed, name, variable)
  if (given === undefined || given === '') return fallback
  if (/^\d{1,9}$/.test(given)) return Number(given)
  throw new UsageError(`"${given}" is not a whole number.`, `--${name}`, `For example: --${name} ${fallback}`)
}

const listed = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '')

export function settingsOf(parsed: Parsed): PlatformSettings {
  const level = setting(parsed, 'log-level', SETTINGS.logLevel.variable) ?? SETTINGS.logLevel.fallback
  const logLevel = LEVELS.find((known): known is LogLevel => known === level)
  if (logLevel === undefined)
    throw new UsageError(`"${level}" is no log level.`, '--log-level', `Use ${LEVELS.join(', ')}.`)
  parsed.port()
  const memory = setting(parsed, 'memory', SETTINGS.memory.variable) !== undefined
  const seed = setting(parsed, 'seed', SETTINGS.seed.variable)
  return Object.freeze({
    port: whole(parsed, 'port', SETTINGS.port.variable, 4_566),
    address: setting(parsed, 'address', SETTINGS.address.variable) ?? SETTINGS.address.fallback,
    dataFolder: memory
      ? undefined
      : resolve(setting(parsed, 'data', SETTINGS.data.variable) ?? SETTINGS.data.fallback),
    cacheFolder: parsed.has('cache') ? resolve(parsed.value('cache') ?? '') : cacheFolder(),
    virtualTime: setting(parsed, 'virtual-time', SETTINGS.virtualTime.variable) !== undefined,
    seed: seed === undefined ? undefined : whole(parsed, 'seed', SETTINGS.seed.variable, 0),
    strictRuntimes: setting(parsed, 'strict-runtimes', SETTINGS.strictRuntimes.variable) !== undefined,
    enforceIam: setting(parsed, 'enforce-iam', SETTINGS.enforceIam.variable) !== undefined,
    logLevel,
    accountConcurrency: whole(parsed, 'account-concurrency', SETTINGS.accountConcurrency.variable, 1_000),
    environmentIdleMs: whole(parsed, 'environment-idle', SETTINGS.environmentIdle.variable, 600) * SECOND,
    environmentAgeMs: whole(parsed, 'environment-age', SETTINGS.environmentAge.variable, 7_200) * SECOND,
    allowedHosts: listed(setting(parsed, 'allow-host', SETTINGS.allowHost.variable)),
    allowedOrigins: listed(setting(parsed, 'allow-origin', SETTINGS.allowOrigin.variable)),
  })
}

/** Options as the settings table gives them. */
export const PLATFORM_OPTIONS: readonly OptionSpec[] = Object.values(SETTINGS).map(
  ({ flag, sentence, fallback }) => {
    const [name = '', value] = flag.replace(/^--/, '').split(' ')
    const said = fallback === '' ? sentence : `${sentence} (default ${fallback})`
    return value === undefined ? { name, sentence: said } : { name, value, sentence: said }
  },
)

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  if (parsed.has('outlive-parent')) process.env['WINDTUNNEL_OUTLIVE_PARENT'] = '1'
  const ending = Promise.withResolvers<string>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ending.resolve(signal))
  const unwatch = watchParent(process.env, () => ending.resolve('parent'))
  const platform = await startPlatform(settingsOf(parsed), {
    progress: (line) =>
      terminal.json ? terminal.out(JSON.stringify({ event: 'progress', line })) : terminal.note(line),
    fatal: () => process.exit(EXIT.trouble),
  })
  const { version, url, readyMs, modes } = platform
  if (terminal.json) terminal.out(JSON.stringify({ event: 'ready', version, url, readyMs, modes }))
  else printReady(terminal, { version, url, readyMs, modes })
  const why = await ending.promise
  unwatch()
  if (terminal.json) terminal.out(JSON.stringify({ event: 'ending', why }))
  await platform.stop()
  return why === 'SIGINT' || why === 'SIGTERM' ? EXIT.ok : EXIT.hungUp
}

function printReady(terminal: Terminal, ready: Ready): void {
  const { url } = ready
  for (const line of readyLines(ready, terminal.width)) terminal.out(line)
  const next = [
    `export AWS_ENDPOINT_URL=${url}`,
    asCalled(forPlatform('windtunnel deploy template.yaml', url)),
    `open ${url}/_windtunnel/`,
  ]
  for (const [i, line] of next.entries()) terminal.note(`${(i === 0 ? 'next' : '').padEnd(6)}${line}`)
}

export const up: Command = {
  name: 'up',
  summary: "Start the platform: AWS's APIs and the console on one port.",
  usage: 'up [--port N] [--data DIR | --memory] [--virtual-time] ...',
  example: 'windtunnel up --port 4566 --data .windtunnel',
  options: [
    ...PLATFORM_OPTIONS,
    { name: 'outlive-parent', sentence: 'Keep running when the process that started it has ended.' },
  ],
  words: { min: 0, max: 0 },
  run,
}
