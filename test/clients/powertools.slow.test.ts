/**
 * Powertools for AWS Lambda, unmodified: structured logs with the context's fields, metrics in the embedded format, and
 * segments that meet no daemon. Fetched from the package registries on first use; without them the tests are skipped.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { client } from '../support/clients.ts'
import { run, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'windtunnel-test')
const NODE_PACKAGES = ['logger', 'metrics', 'tracer'].map((name) => `@aws-lambda-powertools/${name}@2.36.0`)
const PYTHON_PACKAGES = ['aws-lambda-powertools[tracer]==3.37.0']

const NODE_HANDLER = `
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { Tracer } from '@aws-lambda-powertools/tracer'
const logger = new Logger({ serviceName: 'orders' })
const metrics = new Metrics({ namespace: 'shop', serviceName: 'orders' })
const tracer = new Tracer({ serviceName: 'orders' })
export const handler = async (event, context) => {
  logger.addContext(context)
  logger.info('an order came', { order: event.order })
  metrics.captureColdStartMetric(context.functionName)
  metrics.addMetric('orders', MetricUnit.Count, 1)
  metrics.publishStoredMetrics()
  tracer.putAnnotation('order', event.order)
  return { traced: tracer.isTracingEnabled(), root: tracer.getRootXrayTraceId() ?? null }
}
`

const PYTHON_HANDLER = `
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
logger = Logger(service="orders")
metrics = Metrics(namespace="shop", service="orders")
tracer = Tracer(service="orders")

@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context
def handler(event, context):
    logger.info("an order came", extra={"order": event["order"]})
    metrics.add_metric(name="orders", unit=MetricUnit.Count, value=1)
    return {"traced": not tracer.disabled}
`

const template = (runtime: string): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: orders, CodeUri: code/, Handler: index.handler, Runtime: ${runtime}, MemorySize: 512, Tracing: Active }
`

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-powertools-'))
  on = await platform()
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

/** Installed once into a folder of the cache; words when that cannot be done. */
async function installed(
  name: string,
  argv: (into: string) => readonly string[],
): Promise<string | undefined> {
  const into = join(CACHE, name)
  if (existsSync(join(into, 'complete'))) return undefined
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  const [program = '', ...words] = argv(into)
  const { code, err } = await run(program, words, { limitMs: 200_000 })
  if (code !== 0) return `its packages cannot be had: ${err.trim().split('\n').at(-1) ?? ''}`
  writeFileSync(join(into, 'complete'), '')
  return undefined
}

/** Deploys the handler beside its packages, calls it twice, and gives back its answer and the JSON lines of its log. */
async function called(
  packages: string,
  file: string,
  handler: string,
  runtime: string,
): Promise<{ answer: unknown; lines: Record<string, unknown>[] }> {
  writeFileSync(join(CACHE, packages, file), handler)
  const text = template(runtime).replace('code/', join(CACHE, packages))
  writeFileSync(join(folder, 'template.yaml'), text)
  const options = { cwd: folder, env: { WINDTUNNEL_ENDPOINT: on.url } }
  const deployed = await windtunnel(['deploy', 'template.yaml', '--stack', packages], options)
  assert.equal(deployed.code, 0, `${deployed.out}${deployed.err}`)
  const payload = ['invoke', 'orders', '--payload', '{"order":"o-7"}', '--json']
  const first = await windtunnel(payload, options)
  assert.equal(first.code, 0, `${first.out}${first.err}`)
  assert.equal((await windtunnel(payload, options)).code, 0)
  const logs = await windtunnel(['logs', 'orders', '--json'], options)
  const removed = await windtunnel(['reset'], options)
  assert.equal(removed.code, 0, removed.err)
  return { answer: JSON.parse(first.out), lines: jsonLines(logs.out) }
}

/** What the function printed, out of events or lines. */
function jsonLines(out: string): Record<string, unknown>[] {
  return out.split('\n').flatMap((line) => {
    const message = line.startsWith('{') ? (JSON.parse(line) as { message?: string }).message : undefined
    return message?.startsWith('{') === true ? [JSON.parse(message) as Record<string, unknown>] : []
  })
}

function isComplete(lines: readonly Record<string, unknown>[]): void {
  const orders = lines.filter(({ message }) => message === 'an order came')
  assert.equal(orders.length, 2, JSON.stringify(lines))
  assert.deepEqual(
    orders.map((line) => [
      line['cold_start'],
      line['function_name'],
      line['service'],
      line['order'],
      line['level'],
    ]),
    [true, false].map((isCold) => [isCold, 'orders', 'orders', 'o-7', 'INFO']),
  )
  for (const line of orders) {
    assert.match(String(line['function_request_id']), /^[0-9a-f-]{36}$/)
    assert.match(String(line['xray_trace_id']), /^1-[0-9a-f]{8}-[0-9a-f]{24}$/)
    assert.equal(Number(line['function_memory_size']), 512)
  }
  const metrics = lines.filter((line) => line['_aws'] !== undefined)
  assert.equal(metrics.filter((line) => line['ColdStart'] !== undefined).length, 1)
  assert.equal(metrics.filter((line) => line['orders'] !== undefined).length, 2)
}

test('Powertools for TypeScript logs, measures and traces', async (t) => {
  const missing = await installed('powertools-node', (into) => [
    'npm',
    'install',
    '--prefix',
    into,
    '--no-audit',
    '--no-fund',
    ...NODE_PACKAGES,
  ])
  if (missing !== undefined) return t.skip(missing)
  const { lines } = await called('powertools-node', 'index.mjs', NODE_HANDLER, 'nodejs22.x')
  isComplete(lines)
})

test('Powertools for Python logs, measures and traces', async (t) => {
  const python = client('python3')
  if (python === undefined) return t.skip('python3: it is not installed here')
  const missing = await installed('powertools-python', (into) => [
    python,
    '-m',
    'pip',
    'install',
    '-q',
    '--target',
    into,
    ...PYTHON_PACKAGES,
  ])
  if (missing !== undefined) return t.skip(missing)
  const { lines } = await called('powertools-python', 'index.py', PYTHON_HANDLER, 'python3.12')
  isComplete(lines)
})
