/**
 * AWS's published interface clients for Python and Node.js in place of ours: as the program of a bootstrap, which is how
 * container images run them, and through a wrapper script in the managed runtimes. Fetched once into the cache (the one for
 * Node.js compiles its native half); skipped, with the reason, where that is not possible.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { findPythons, type Python } from '#host/sandbox/pythons.ts'
import { npmEnvironment } from '../../bin/node-binaries.mjs'
import { CACHE, FakeEnvironment, type Opened, opened, type ZipFile } from '../sandbox/fake-lambda.ts'
import { has, stagedFiles } from './compiled.ts'

const PYTHON_CLIENT = 'awslambdaric==4.2.2'
const NODE_CLIENT = 'aws-lambda-ric@4.0.2'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

/** Its folder in the cache, filled once; or why it cannot be. */
function fetched(name: string, fill: (folder: string) => void): { folder: string } | { skip: string } {
  const folder = join(CACHE, 'clients', name)
  if (existsSync(folder)) return { folder }
  const stage = `${folder}.${process.pid}`
  mkdirSync(stage, { recursive: true })
  try {
    fill(stage)
    renameSync(stage, folder)
    return { folder }
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').slice(-3).join(' ') : ''
    return { skip: `the client could not be fetched: ${words}` }
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** All files of a folder as a package or layer has them, below `at`. */
const packed = (folder: string, at: string): ZipFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith('.pyc'))
    .map((name) => ({ name: `${at}/${name}`, text: readFileSync(join(folder, name)), mode: 0o100755 }))

function pythonClient(python: Python | undefined): { folder: string } | { skip: string } {
  if (python === undefined) return { skip: 'no Python in /usr on this machine' }
  return fetched(`awslambdaric-3.${python.minor}`, (folder) => {
    const flags = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    // pip of any Python: this one may have none of its own
    const target = ['--target', folder, '--python-version', `3.${python.minor}`]
    execFileSync('python3', ['-m', 'pip', 'install', ...flags, ...target, PYTHON_CLIENT], { stdio: 'pipe' })
  })
}

const APP = `
import os
def handler(event, context):
    if event.get("fail"): raise KeyError("as asked")
    return {"event": event, "id": context.aws_request_id, "client": "awslambdaric" in __import__("sys").modules}
`

// a bootstrap sees what is in /usr
const python = (await findPythons()).find(({ prefix }) => prefix === '/usr')
const ofPython = pythonClient(python)
const skipPython = 'skip' in ofPython ? ofPython.skip : false

async function checkPython(runtime: string, files: readonly ZipFile[], wrapper?: string): Promise<void> {
  if ('skip' in ofPython) throw new Error(ofPython.skip)
  const code = await stagedFiles(host.sandboxes, files)
  const layer = await stagedFiles(host.sandboxes, [
    ...packed(ofPython.folder, 'python'),
    ...(wrapper === undefined ? [] : [{ name: 'wrapper', text: wrapper, mode: 0o100755 }]),
  ])
  const made = new FakeEnvironment(host.sandboxes, {
    runtime,
    code,
    layers: [layer],
    handler: 'app.handler',
    environment: wrapper === undefined ? {} : { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' },
  })
  const answer = await made.invoke({ a: 1 })
  assert.equal(answer.kind, 'response', `${answer.body} ${made.output}`)
  assert.deepEqual(JSON.parse(answer.body), { event: { a: 1 }, id: 'req-1', client: true })
  const failed = await made.invoke({ fail: true })
  assert.equal(failed.kind, 'error')
  assert.equal((JSON.parse(failed.body) as { errorType: string }).errorType, 'KeyError')
  await made.sandbox.destroy(0)
}

test("AWS's client for Python runs as the program of a bootstrap", { skip: skipPython }, async () => {
  const bootstrap = `#!/bin/sh\nexport PYTHONPATH=/var/task:/opt/python\nexec ${python?.path} -m awslambdaric "$_HANDLER"\n`
  await checkPython('provided.al2023', [
    { name: 'app.py', text: APP },
    { name: 'bootstrap', text: bootstrap, mode: 0o100755 },
  ])
})

test(
  "AWS's client for Python takes the place of ours by a wrapper script",
  { skip: skipPython },
  async () => {
    const wrapper = `#!/bin/sh\nexport PYTHONPATH=/var/task:/opt/python\nexec "$1" -m awslambdaric "$_HANDLER"\n`
    await checkPython(`python3.${python?.minor}`, [{ name: 'app.py', text: APP }], wrapper)
  },
)

/** The folder that node-gyp finds node_api.h below: that of the Node that runs this, or the system's. */
const nodeFolder = [dirname(dirname(process.execPath)), '/usr'].find((folder) =>
  existsSync(join(folder, 'include/node/node_api.h')),
)

function nodeClient(): { folder: string } | { skip: string } {
  const tool = ['cmake', 'make', 'c++', 'python3'].find((program) => !has(program))
  if (tool !== undefined) return { skip: `its native half needs ${tool}` }
  if (nodeFolder === undefined) return { skip: 'its native half needs the headers of Node.js' }
  return fetched('aws-lambda-ric', (folder) => {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, NODE_CLIENT], {
      cwd: folder,
      stdio: 'pipe',
      env: { ...npmEnvironment(), npm_config_nodedir: nodeFolder },
    })
    rmSync(join(folder, 'node_modules/aws-lambda-ric/deps'), { recursive: true, force: true }) // what it compiled from
  })
}

const ofNode = nodeClient()

test(
  "AWS's client for Node.js takes the place of ours by a wrapper script",
  { skip: 'skip' in ofNode ? ofNode.skip : false },
  async () => {
    if ('skip' in ofNode) throw new Error(ofNode.skip)
    const source = 'export const handler = async (event, { awsRequestId }) => ({ event, awsRequestId })\n'
    const code = await stagedFiles(host.sandboxes, [{ name: 'app.mjs', text: source }])
    const client = ['aws-lambda-ric', '@aws/lambda-invoke-store'].flatMap((name) =>
      packed(join(ofNode.folder, 'node_modules', name), `nodejs/node_modules/${name}`),
    )
    const wrapper = `#!/bin/sh\nexec "$1" /opt/nodejs/node_modules/aws-lambda-ric/index.mjs "$_HANDLER"\n`
    const layer = await stagedFiles(host.sandboxes, [
      ...client,
      { name: 'wrapper', text: wrapper, mode: 0o100755 },
    ])
    const made = new FakeEnvironment(host.sandboxes, {
      runtime: 'nodejs24.x',
      code,
      layers: [layer],
      handler: 'app.handler',
      environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' },
    })
    for (const count of [1, 2]) {
      const answer = await made.invoke({ count })
      assert.equal(answer.kind, 'response', `${answer.body} ${made.output}`)
      assert.deepEqual(JSON.parse(answer.body), { event: { count }, awsRequestId: `req-${count}` })
    }
    await made.sandbox.destroy(0)
  },
)
