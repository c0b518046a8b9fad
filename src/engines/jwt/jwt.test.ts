import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '#base/bytes.ts'
import { instant } from '#base/time.ts'
import { claimsProblem, printedClaims, scopesOf } from '#engines/jwt/claims.ts'
import { algorithmProblem, isSignedBy, keySetAddress, readKeySet } from '#engines/jwt/keys.ts'
import { parseToken, type Token } from '#engines/jwt/token.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const jwk = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: 'jwk' }), ...more })
const keySet = (...keys: object[]): ReturnType<typeof readKeySet> =>
  readKeySet(utf8(JSON.stringify({ keys })))

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signing = (header: object, claims: object = {}): string => `${part(header)}.${part(claims)}`

function rsa(algorithm: string, claims: object = {}): string {
  const text = signing({ alg: algorithm, kid: 'k' }, claims)
  const digest = `RSA-SHA${algorithm.slice(2)}`
  return `${text}.${sign(digest, utf8(text), pair.privateKey).toString('base64url')}`
}

function parsed(text: string): Token {
  const token = parseToken(text)
  assert.ok(token.ok, token.ok ? '' : token.error)
  return token.value
}

test('isSignedBy() takes the three RSA algorithms and nothing that was changed', () => {
  const key = keySet(jwk(pair.publicKey, { kid: 'k', use: 'sig' }))?.get('k')
  assert.ok(key !== undefined)
  for (const algorithm of ['RS256', 'RS384', 'RS512']) {
    const text = rsa(algorithm, { sub: 'a' })
    assert.equal(isSignedBy(parsed(text), key), true, algorithm)
    const [header = '', , tail = ''] = text.split('.')
    assert.equal(isSignedBy(parsed(`${header}.${part({ sub: 'b' })}.${tail}`), key), false, algorithm)
  }
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey
  const other = keySet(jwk(foreign, { kid: 'k' }))?.get('k')
  assert.ok(other !== undefined)
  assert.equal(isSignedBy(parsed(rsa('RS256')), other), false)
  const bound = keySet(jwk(pair.publicKey, { kid: 'k', alg: 'RS512' }))?.get('k')
  assert.ok(bound !== undefined)
  assert.equal(isSignedBy(parsed(rsa('RS256')), bound), false)
})

test('No other algorithm passes: not none, not an HMAC with the public key, not an elliptic curve', () => {
  const key = keySet(jwk(pair.publicKey, { kid: 'k' }))?.get('k')
  assert.ok(key !== undefined)
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' })
  const forged = signing({ alg: 'HS256', kid: 'k' })
  const tokens = [
    `${signing({ alg: 'none', kid: 'k' })}.`,
    `${forged}.${createHmac('sha256', pem).update(forged).digest('base64url')}`,
    `${signing({ alg: 'ES256', kid: 'k' })}.AAAA`,
    `${signing({ kid: 'k' })}.AAAA`,
  ]
  for (const text of tokens) {
    assert.match(algorithmProblem(parsed(text)) ?? '', /^signing method .*is invalid$/, text)
    assert.equal(isSignedBy(parsed(text), key), false, text)
  }
  assert.equal(algorithmProblem(parsed(rsa('RS256'))), undefined)
})

test('readKeySet() keeps RSA keys for signatures only and lives through broken ones', () => {
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const keys = keySet(
    jwk(pair.publicKey, { kid: 'a' }),
    jwk(pair.publicKey, { kid: 'enc', use: 'enc' }),
    jwk(pair.publicKey),
    jwk(curve, { kid: 'ec' }),
    { kty: 'RSA', kid: 'broken', n: '', e: 7 },
    { kty: 'oct', kid: 'secret', k: 'AAAA' },
  )
  assert.deepEqual(
    [...(keys ?? [])].map(([kid]) => kid),
    ['a'],
  )
  assert.equal(readKeySet(utf8('{"keys":{}}')), undefined)
  assert.equal(readKeySet(utf8('<html>')), undefined)
  assert.equal(keySetAddress(utf8('{"jwks_uri":"http://a/b"}')), 'http://a/b')
  assert.equal(keySetAddress(utf8('no json')), undefined)
})

test('claimsProblem() asks for issuer, audience or client, and times', () => {
  const now = instant(1_000_000)
  const good = { iss: 'i', aud: ['x', 'a'], exp: 1_001, nbf: 1_000, iat: 999 }
  const check = (change: object, expected: RegExp | undefined): void => {
    const found = claimsProblem({ ...good, ...change }, { issuer: 'i', audience: ['a', 'b'], now })
    if (expected === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', expected)
  }
  check({}, undefined)
  check({ aud: 'b' }, undefined)
  check({ aud: undefined, client_id: 'a' }, undefined)
  check({ aud: 'z', client_id: 'a' }, /valid audience/)
  check({ aud: undefined }, /valid audience/)
  check({ iss: 'i/' }, /issuer/)
  check({ exp: 1_000 }, /expired/)
  check({ exp: undefined }, /expired/)
  check({ exp: '9999' }, /expired/)
  check({ nbf: 1_001 }, /not valid yet/)
  check({ iat: 1_001 }, /future/)
})

test('scopesOf() reads scope before scp, as text or list', () => {
  assert.deepEqual(scopesOf({ scope: 'a  b', scp: ['c'] }), ['a', 'b'])
  assert.deepEqual(scopesOf({ scp: ['c', 'd'] }), ['c', 'd'])
  assert.deepEqual(scopesOf({}), [])
})

test('printedClaims() makes a text of every value', () => {
  const claims = {
    sub: 's',
    exp: 1_587_740_000,
    ok: true,
    groups: ['a', 'b'],
    address: { city: 'x' },
    no: null,
  }
  assert.deepEqual(printedClaims(claims), {
    sub: 's',
    exp: '1587740000',
    ok: 'true',
    groups: '[a b]',
    address: 'map[city:x]',
    no: 'null',
  })
})

test('parseToken() refuses whatever is no token and never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseToken(text)))
  for (const text of [
    '',
    'a',
    'a.b',
    'a.b.c.d',
    '..',
    `${part([])}.${part({})}.`,
    `${part({})}.${part({})}.=`,
  ])
    assert.equal(parseToken(text).ok, false, text)
})
