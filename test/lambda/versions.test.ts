/** Versions, aliases, layers and provisioned concurrency with real processes: what runs is what was published. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, createFunction, errorOf, json, madeFunction, rest, send, zip } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { until } from './waiting.ts'

let on: Platform

before(async () => {
  on = await platform()
})
after(async () => {
  assert.equal(await on.stop(), 0)
})

const FUNCTIONS = '/2015-03-31/functions'
const base64 = (files: Readonly<Record<string, string>>): string => Buffer.from(zip(files)).toString('base64')

async function accepted(
  what: `${string} ${string} /${string}`,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await rest(on, what, body)
  assert.ok(answer.status < 300, answer.body)
  return answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>)
}

const run = (name: string, qualifier: string): Promise<Answer> =>
  rest(on, `lambda POST ${FUNCTIONS}/${name}/invocations?Qualifier=${encodeURIComponent(qualifier)}`, '{}')

const settled = (name: string): Promise<void> =>
  until(async () => {
    const { LastUpdateStatus: status } = await accepted(`lambda GET ${FUNCTIONS}/${name}/configuration`)
    return status === 'Successful'
  })

async function update(name: string, code: string): Promise<void> {
  await accepted(`lambda PUT ${FUNCTIONS}/${name}/code`, { ZipFile: base64({ 'index.js': code }) })
  await settled(name)
}

const saying = (word: string): string =>
  `exports.handler = async (event, context) => ({ word: '${word}', version: context.functionVersion, arn: context.invokedFunctionArn })`

test('versions keep their code when $LATEST goes on, and an alias gives each its share', async () => {
  await madeFunction(on, { name: 'kept', code: saying('one') })
  assert.equal((await accepted(`lambda POST ${FUNCTIONS}/kept/versions`, {}))['Version'], '1')
  await update('kept', saying('two'))
  assert.equal((await accepted(`lambda POST ${FUNCTIONS}/kept/versions`, {}))['Version'], '2')
  await update('kept', saying('three'))
  await accepted(`lambda POST ${FUNCTIONS}/kept/aliases`, {
    Name: 'live',
    FunctionVersion: '1',
    RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } },
  })
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:kept'
  for (const [qualifier, word] of [
    ['1', 'one'],
    ['2', 'two'],
    ['$LATEST', 'three'],
  ] as const) {
    const answer = await run('kept', qualifier)
    assert.deepEqual(JSON.parse(answer.body), { word, version: qualifier, arn: `${arn}:${qualifier}` })
    assert.equal(answer.headers['x-amz-executed-version'], qualifier)
  }
  const words = new Set<string>()
  for (let i = 0; i < 40 && words.size < 2; i++) {
    const answer = await run('kept', 'live')
    const said = JSON.parse(answer.body) as { word: string; version: string; arn: string }
    assert.equal(said.arn, `${arn}:live`)
    assert.equal(answer.headers['x-amz-executed-version'], said.version)
    words.add(said.word)
  }
  assert.deepEqual([...words].sort(), ['one', 'two'])
  await until(async () => {
    const lines = (await json(on, 'logs.FilterLogEvents', { logGroupName: '/aws/lambda/kept' })).body
    return ['1', '2', '$LATEST'].every((version) => lines.includes(`Version: ${version}\\n`))
  })
})

test('an alias to nothing, or to a version that is gone, is AWS\u2019s answer', async () => {
  await madeFunction(on, { name: 'alone', code: saying('one') })
  const missing = await rest(on, `lambda POST ${FUNCTIONS}/alone/aliases`, {
    Name: 'a',
    FunctionVersion: '9',
  })
  assert.deepEqual(errorOf(missing), {
    status: 404,
    code: 'ResourceNotFoundException',
    message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:alone:9',
  })
  assert.equal((await run('alone', 'a')).status, 404)
  const policy = await rest(on, `lambda POST ${FUNCTIONS}/alone/policy?Qualifier=a`, {
    StatementId: 's',
    Action: 'lambda:InvokeFunction',
    Principal: 'sns.amazonaws.com',
  })
  assert.equal(policy.status, 404)
})

const LAYERS = '/2018-10-31/layers'
const publishLayer = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  const { LayerVersionArn: arn } = await accepted(`lambda POST ${LAYERS}/${name}/versions`, {
    Content: { ZipFile: base64(files) },
  })
  return String(arn)
}

test('layers are merged in their order, stay with their functions, and take no runtime\u2019s place', async () => {
  const layers = [
    await publishLayer('lower', {
      'nodejs/node_modules/dep/index.js': "module.exports = 'lower'",
      'shared.txt': 'lower',
    }),
    await publishLayer('upper', {
      'shared.txt': 'upper',
      bootstrap: '#!/bin/sh\nexit 1\n',
      'nodejs/node_modules/fs/index.js': "throw new Error('not the runtime')",
    }),
  ]
  const code = `const { readFileSync } = require('fs')
    exports.handler = async () => [require('dep'), readFileSync('/opt/shared.txt', 'utf8')]`
  const made = await rest(on, `lambda POST ${FUNCTIONS}`, {
    FunctionName: 'layered',
    Role: 'arn:aws:iam::000000000000:role/test',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: base64({ 'index.js': code }) },
    Layers: layers,
  })
  assert.equal(made.status, 201, made.body)
  await settled('layered')
  for (const layer of ['lower', 'upper']) await accepted(`lambda DELETE ${LAYERS}/${layer}/versions/1`)
  assert.deepEqual(JSON.parse((await run('layered', '$LATEST')).body), ['lower', 'upper'])
  const again = await createFunction(on, { name: 'later', code: saying('x') })
  assert.equal(again.status, 201)
  const refused = await rest(on, `lambda PUT ${FUNCTIONS}/layered/configuration`, { Layers: layers })
  assert.match(errorOf(refused).message, /Layer version .*:layer:lower:1 does not exist\.$/)
})

interface Environments {
  readonly environments: readonly {
    readonly id: string
    readonly functionArn: string
    readonly initializationType: string
    readonly state: string
  }[]
}

async function provisioned(): Promise<readonly string[]> {
  const answer = await send(on, { method: 'GET', path: '/_windtunnel/environments' })
  return (JSON.parse(answer.body) as Environments).environments
    .filter(
      (each) => each.functionArn.endsWith(':ahead') && each.initializationType === 'provisioned-concurrency',
    )
    .map((each) => each.id)
}

test('provisioned environments are there beforehand, are replaced when they die, and end when they are disabled', async () => {
  await madeFunction(on, {
    name: 'ahead',
    code: `
      exports.handler = async (event) => event.die ? process.exit(1) : process.env.AWS_LAMBDA_INITIALIZATION_TYPE`,
  })
  await accepted(`lambda POST ${FUNCTIONS}/ahead/versions`, {})
  const config = `/2019-09-30/functions/ahead/provisioned-concurrency?Qualifier=1` as const
  const asked = await rest(on, `lambda PUT ${config}`, { ProvisionedConcurrentExecutions: 2 })
  assert.equal(asked.status, 202, asked.body)
  const ready = (): Promise<void> =>
    until(async () => (await accepted(`lambda GET ${config}`))['Status'] === 'READY')
  await ready()
  const first = await provisioned()
  assert.equal(first.length, 2)
  assert.equal((await run('ahead', '1')).body, '"provisioned-concurrency"')
  assert.equal((await run('ahead', '$LATEST')).body, '"on-demand"')
  const died = await rest(on, `lambda POST ${FUNCTIONS}/ahead/invocations?Qualifier=1`, '{"die":true}')
  assert.match(died.body, /Runtime\.ExitError/)
  await until(async () => (await provisioned()).some((id) => !first.includes(id)))
  await ready()
  assert.equal((await run('ahead', '1')).body, '"provisioned-concurrency"')
  await accepted(`lambda DELETE ${config}`)
  await until(async () => (await provisioned()).length === 0)
})
