import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Candidate, Router, literalsOf } from '#wire/router.ts'

const candidate = (value: string, more: Partial<Candidate<string>> = {}): Candidate<string> => ({
  value,
  literals: [],
  requiredQuery: [],
  requiredHeaders: [],
  isDeprecated: false,
  ...more,
})

const routed = (router: Router<string>, method: string, path: string): string | undefined => {
  const found = router.route(method, path)
  return found === undefined ? undefined : router.pick(found, { query: [], headers: {} })
}

test('route() prefers literals to labels and labels to greedy ones', () => {
  const router = new Router<string>()
  router.add('GET', '/a/{x}', candidate('label'))
  router.add('GET', '/a/b', candidate('literal'))
  router.add('GET', '/a/{x+}', candidate('greedy'))
  router.add('GET', '/a/{x+}/end', candidate('suffix'))
  assert.equal(routed(router, 'GET', '/a/b'), 'literal')
  assert.equal(routed(router, 'GET', '/a/c'), 'label')
  assert.equal(routed(router, 'GET', '/a/c/d'), 'greedy')
  assert.equal(routed(router, 'GET', '/a/c/d/end'), 'suffix')
  assert.equal(routed(router, 'PUT', '/a/b'), undefined)
})

test('route() takes a path with a slash too much, and a template that has one', () => {
  const router = new Router<string>()
  router.add('GET', '/a/', candidate('listed'))
  assert.equal(routed(router, 'GET', '/a'), 'listed')
  assert.equal(routed(router, 'GET', '/a/'), 'listed')
  assert.equal(routed(router, 'GET', '/a//'), undefined)
})

test('route() reads absolute-form targets and keeps labels encoded', () => {
  const router = new Router<string>()
  router.add('GET', '/{b}/{k+}', candidate('object'))
  assert.deepEqual(router.route('GET', 'http://host:1/b/k%2F//..')?.labels, { b: 'b', k: 'k%2F//..' })
})

test('pick() uses required members only to choose among several', () => {
  const router = new Router<string>()
  router.add('PUT', '/{b}', candidate('plain'))
  router.add('PUT', '/{b}', candidate('copy', { requiredHeaders: ['x-source'] }))
  router.add('PUT', '/{b}?acl', candidate('acl', { literals: literalsOf('/{b}?acl') }))
  router.add('POST', '/{b}', candidate('only', { requiredHeaders: ['x-needed'] }))
  const pick = (
    method: string,
    query: [string, string][],
    headers: Record<string, string>,
  ): string | undefined => {
    const found = router.route(method, '/b')
    return found === undefined ? undefined : router.pick(found, { query, headers })
  }
  assert.equal(pick('PUT', [], {}), 'plain')
  assert.equal(pick('PUT', [], { 'x-source': 's' }), 'copy')
  assert.equal(pick('PUT', [['acl', '']], { 'x-source': 's' }), 'acl')
  assert.equal(pick('POST', [], {}), 'only')
})

test('literalsOf() leaves out x-id', () => {
  assert.deepEqual(literalsOf('/{b}?select&select-type=2&x-id=Select'), [
    ['select', ''],
    ['select-type', '2'],
  ])
})

test('route() never throws', () => {
  const router = new Router<string>()
  for (const uri of ['/', '/a', '/{b}', '/{b}/{k+}', '/a/{x+}/end']) router.add('GET', uri, candidate(uri))
  fc.assert(
    fc.property(fc.array(fc.constantFrom('/', 'a', '%', '%2', '%2f', 'end', '..', '')), (parts) => {
      router.route('GET', `/${parts.join('')}`)
    }),
  )
})
