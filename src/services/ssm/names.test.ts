import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { arnOf, checkName, isBelow, keyOfName, namedBy } from '#services/ssm/names.ts'
import { newNonce, seal, unseal } from '#services/ssm/seal.ts'
import { afterOf, tokenOf } from '#services/ssm/tokens.ts'

const place = { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION }
const level = fc.stringMatching(/^[b-r][a-zA-Z0-9_.-]{0,5}$/)
const name = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([levels, slash]) => (slash || levels.length > 1 ? `/${levels.join('/')}` : (levels[0] ?? '')))

test('namedBy() finds the same parameter by its name and by its ARN, selector or not', () => {
  fc.assert(
    fc.property(name, fc.option(level, { nil: undefined }), (text, selector) => {
      checkName(text, place)
      const tail = selector === undefined ? '' : `:${selector}`
      assert.deepEqual(namedBy(text + tail, place), { key: keyOfName(text), name: text, selector })
      assert.deepEqual(namedBy(arnOf(place, text) + tail, place), {
        key: keyOfName(text),
        name: undefined,
        selector,
      })
    }),
  )
})

test('isBelow() holds for a name’s own path, and for all paths above it when deep', () => {
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 6 }), (levels) => {
      const whole = `/${levels.join('/')}`
      for (let depth = 0; depth < levels.length; depth++) {
        const path = levels
          .slice(0, depth)
          .map((one) => `/${one}`)
          .join('')
        assert.ok(isBelow(whole, path, true))
        assert.equal(isBelow(whole, path, false), depth === levels.length - 1)
      }
      assert.ok(!isBelow(whole, whole, true))
      assert.ok(!isBelow(whole, `${whole.slice(0, -1)}!`, true))
    }),
  )
})

test('unseal() gives back what was sealed, and nothing under another key or ARN', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.integer(), (value, seed) => {
      const random = seeded(seed)
      const [key, other] = [random.bytes(32), random.bytes(32)]
      const sealed = seal(value, key, newNonce(random), 'arn:one')
      assert.equal(unseal(sealed, key, 'arn:one'), new TextDecoder().decode(new TextEncoder().encode(value)))
      assert.throws(() => unseal(sealed, other, 'arn:one'))
      assert.throws(() => unseal(sealed, key, 'arn:two'))
    }),
  )
})

test('afterOf() reads what tokenOf() wrote and refuses all else', () => {
  fc.assert(fc.property(name, (text) => assert.equal(afterOf(tokenOf(text)), text)))
  for (const token of ['', '10', 'bm8=', '!!!'])
    assert.throws(() => afterOf(token), { code: 'InvalidNextToken' })
})
