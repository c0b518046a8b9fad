/** What the command line reads and says, without a platform: options, names of functions, addresses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localised } from '#cli/application.ts'
import { type Parsed, UsageError, parseArguments } from '#cli/arguments.ts'
import { PlatformClient } from '#cli/client.ts'
import { deploy } from '#cli/deploy.ts'
import { meant } from '#cli/functions.ts'

const parse = (...words: string[]): Parsed => parseArguments(deploy, words)

test('parseArguments() takes values apart from words, attached or after', () => {
  const parsed = parse('app', '--stack', 'a', '--parameter=K=V', '--parameter', 'L=W', '--no-build')
  assert.deepEqual(parsed.words, ['app'])
  assert.equal(parsed.value('stack'), 'a')
  assert.deepEqual(parsed.all('parameter'), ['K=V', 'L=W'])
  assert.ok(parsed.has('no-build'))
  assert.deepEqual(parse('--', '--odd').words, ['--odd'])
})

const refused = (words: readonly string[], message: RegExp, remedy: RegExp): void =>
  assert.throws(
    () => parse(...words),
    (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, message)
      assert.match(error.remedy, remedy)
      return true
    },
  )

test('parseArguments() names what was meant and what is missing', () => {
  refused(['--stak', 'a'], /has no option --stak/, /Did you mean --stack\?/)
  refused(['--qqqqqqqq'], /has no option/, /windtunnel deploy --help/)
  refused(['--stack'], /--stack needs a value/, /--help/)
  refused(['--stack', '--json'], /--stack needs a value/, /--help/)
  refused(['--no-build=yes'], /--no-build takes no value/, /Write --no-build alone/)
  refused(['a', 'b'], /"b" is one word too many/, /For example: windtunnel deploy/)
})

test('meant() takes whole names, and logical ids that only one function has', () => {
  const names = ['app-Node-ABCDEFGHIJKL', 'app-Other-ABCDEFGHIJKL', 'two-Other-ABCDEFGHIJKL', 'plain']
  assert.equal(meant('plain', names), 'plain')
  assert.equal(meant('node', names), 'app-Node-ABCDEFGHIJKL')
  assert.equal(meant('app-Other', names), 'app-Other-ABCDEFGHIJKL')
  assert.equal(meant('Other', names), undefined)
  assert.equal(meant('Nod', names), undefined)
})

test('localised() gives the APIs of an application their address here and leaves others alone', () => {
  const client = new PlatformClient('http://127.0.0.1:4566', { account: '000000000000', region: 'us-east-1' })
  const known = new Set(['abc123'])
  const check = (text: string, expected: string): void =>
    assert.equal(localised(text, client, known), expected)
  const here = 'http://abc123.execute-api.localhost:4566'
  check('https://abc123.execute-api.us-east-1.amazonaws.com/Prod/x', `${here}/Prod/x`)
  check('curl https://abc123.execute-api.cn-north-1.amazonaws.com.cn/ -d 1', `curl ${here}/ -d 1`)
  check('at https://abc123.execute-api.us-east-1.amazonaws.com.', `at ${here}.`)
  const foreign = 'https://abc123.execute-api.us-east-1.amazonaws.com.evil.example/'
  check(foreign, foreign)
  check(
    'https://zzz999.execute-api.us-east-1.amazonaws.com/',
    'https://zzz999.execute-api.us-east-1.amazonaws.com/',
  )
})
