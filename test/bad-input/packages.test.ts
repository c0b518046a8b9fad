/** Function packages that are no packages, or attack whoever unpacks them. Refused whole; nothing is written. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createFunction, errorOf, invoke, madeFunction, rest, zip } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { zipOf } from '#engines/zip/write.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-packages-'))
  on = await platform(['--data', folder])
  await madeFunction(on, { name: 'neighbour', code: 'let n = 0; exports.handler = async () => ++n' })
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

const HANDLER = 'exports.handler = async () => 1'
let calls = 0

async function refused(code: Uint8Array, message: RegExp): Promise<void> {
  const before = staged()
  const error = errorOf(await createFunction(on, { name: 'attack', code }))
  assert.equal(error.status, 400)
  assert.equal(error.code, 'InvalidParameterValueException')
  assert.match(error.message, message)
  assert.equal((await rest(on, 'lambda GET /2015-03-31/functions/attack')).status, 404)
  assert.deepEqual(staged(), before)
  assert.equal((await invoke(on, 'neighbour')).payload, String(++calls))
}

/** Everything below the folder of unpacked code. */
const staged = (): string[] =>
  readdirSync(join(folder, 'sandboxes', 'code'), { recursive: true })
    .map(String)
    .sort()

/** A zip whose fields are changed at an offset of each central record. */
function forged(code: Uint8Array, change: (view: DataView, central: number) => void): Uint8Array {
  const copy = code.slice()
  const view = new DataView(copy.buffer)
  for (let at = 0; at + 46 <= copy.length; at++) if (view.getUint32(at, true) === 0x02014b50) change(view, at)
  return copy
}

test('a package that is no zip, an empty one and a torn one are refused', async () => {
  await refused(new TextEncoder().encode('hello'), /^Could not unzip uploaded file/)
  await refused(zip({}), /^Uploaded file must be a non-empty zip/)
  const whole = zip({ 'index.js': HANDLER })
  await refused(whole.slice(0, whole.length - 30), /^Could not unzip uploaded file/)
  await refused(
    forged(whole, (view, at) => view.setUint32(at + 16, 0xdeadbeef, true)),
    /^Could not unzip uploaded file/,
  )
})

test('a package with names that lead out of its folder is refused, and nothing is written there', async () => {
  const outside = join(tmpdir(), `wt-escaped-${process.pid}`)
  const names = [`../../../../../../..${outside}`, outside, '..', 'a/../../b', 'a\\..\\..\\b', 'C:/x', 'a\0b']
  for (const name of names)
    await refused(zip({ 'index.js': HANDLER, [name]: 'x' }), /^Could not unzip uploaded file/)
  assert.equal(existsSync(outside), false)
})

test('a package with links, devices or pipes is refused', async () => {
  for (const kind of [0o120777, 0o020666, 0o060666, 0o010666, 0o140777]) {
    const code = forged(zip({ 'index.js': '/etc/passwd' }), (view, at) =>
      view.setUint32(at + 38, (kind << 16) >>> 0, true),
    )
    await refused(code, /^Could not unzip uploaded file/)
  }
})

test('a file that is also a folder of another is refused', async () => {
  await refused(zip({ a: 'x', 'a/b': 'y' }), /^Could not unzip uploaded file/)
})

test('300 KB that unpack to 300 MB are refused by AWS’s limit, also when the archive lies about it', async () => {
  const bomb = zipOf([{ name: 'zeros', bytes: new Uint8Array(300 << 20) }])
  assert.ok(bomb.length < 400_000)
  await refused(bomb, /^Unzipped size must be smaller than 262144000 bytes$/)
  const lying = forged(bomb, (view, at) => view.setUint32(at + 24, 10, true))
  await refused(lying, /^Unzipped size must be smaller than 262144000 bytes$/)
})

test('a package from an object that is not there is refused in S3’s words', async () => {
  const answer = await rest(on, 'lambda POST /2015-03-31/functions', {
    FunctionName: 'attack',
    Role: 'arn:aws:iam::000000000000:role/test',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { S3Bucket: 'nowhere', S3Key: 'x.zip' },
  })
  assert.equal(answer.status, 400)
  assert.match(errorOf(answer).message, /NoSuchBucket|The specified bucket does not exist/)
})

test('a refused update leaves the function as it was', async () => {
  const body = { ZipFile: Buffer.from('no zip').toString('base64') }
  const answer = await rest(on, 'lambda PUT /2015-03-31/functions/neighbour/code', body)
  assert.equal(answer.status, 400)
  assert.equal((await invoke(on, 'neighbour')).payload, String(++calls))
})
