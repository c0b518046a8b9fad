import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Precedence, RouteTable } from '#engines/proxy-events/routes.ts'

function table(keys: readonly string[], precedence: Precedence): RouteTable<string> {
  return new RouteTable(
    keys.map((key) => {
      const [method = '', path = ''] = key.split(' ')
      return { method, path, target: key }
    }),
    precedence,
  )
}

function check(
  keys: readonly string[],
  precedence: Precedence,
  cases: Readonly<Record<string, string | undefined>>,
): void {
  const routes = table(keys, precedence)
  for (const [request, expected] of Object.entries(cases)) {
    const [method = '', path = ''] = request.split(' ')
    assert.equal(routes.match(method, path)?.target, expected, request)
  }
}

// Source: API Gateway developer guide, Routing API requests (HTTP APIs): example routes and requests.
test('match() chooses as AWS documents for HTTP APIs', () => {
  const keys = ['GET /pets/dog/1', 'GET /pets/dog/{id}', 'GET /pets/{proxy+}', 'ANY /{proxy+}']
  check(keys, 'full-first', {
    'GET /pets/dog/1': 'GET /pets/dog/1',
    'GET /pets/dog/2': 'GET /pets/dog/{id}',
    'GET /pets/cat/1': 'GET /pets/{proxy+}',
    'POST /test/5': 'ANY /{proxy+}',
    'GET /': undefined,
  })
})

// Source: the same page: a full match of route and method comes before any greedy variable.
test('match() puts every full path before a greedy one when the precedence is full-first', () => {
  check(['GET /a/{proxy+}', 'GET /{x}/{y}'], 'full-first', {
    'GET /a/b': 'GET /{x}/{y}',
    'GET /a/b/c': 'GET /a/{proxy+}',
  })
  check(['GET /a/{proxy+}', 'GET /{x}/{y}'], 'nearest', {
    'GET /a/b': 'GET /a/{proxy+}',
    'GET /b/c': 'GET /{x}/{y}',
  })
})

// Source: recorded AWS answers of REST APIs: a path without the method lets a proxy resource answer.
test('match() passes over a resource without the method when another one has it', () => {
  check(['POST /test', 'ANY /test/any', 'OPTIONS /{proxy+}'], 'nearest', {
    'OPTIONS /test': 'OPTIONS /{proxy+}',
    'POST /test': 'POST /test',
    'OPTIONS /test/any': 'ANY /test/any',
    'GET /test/any': 'ANY /test/any',
    'GET /test': undefined,
  })
  check(['GET /part1', 'GET /{param+}', 'GET /part1/hardcoded-value'], 'nearest', {
    'GET /part1': 'GET /part1',
    'GET /part1/hardcoded-value': 'GET /part1/hardcoded-value',
    'GET /part1/random-value': 'GET /{param+}',
  })
})

test('match() prefers the method itself to ANY, and needs a value for every variable', () => {
  check(['ANY /a', 'GET /a', 'GET /b/{id}', 'GET /c/{rest+}'], 'nearest', {
    'GET /a': 'GET /a',
    'PUT /a': 'ANY /a',
    'GET /b/': undefined,
    'GET /b': undefined,
    'GET /c': undefined,
    'GET /c/': undefined,
    'GET /c/1': 'GET /c/{rest+}',
  })
})

test('match() answers the values of variables as they stand in the path', () => {
  const found = table(['GET /users/{id}/files/{path+}'], 'nearest').match(
    'GET',
    '/users/a%20b/files/x//y/%2F',
  )
  assert.deepEqual(found?.parameters, { id: 'a%20b', path: 'x//y/%2F' })
})

test('match() keeps variables of that name apart from what every object has', () => {
  const found = table(['GET /{__proto__}'], 'nearest').match('GET', '/x')
  assert.deepEqual(Object.entries(found?.parameters ?? {}), [['__proto__', 'x']])
})

const segment = fc.constantFrom('a', 'b', '{x}')
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const route = fc.tuple(path, fc.boolean()).map(([base, greedy]) => {
  if (!greedy) return base
  return base === '/' ? '/{rest+}' : `${base}/{rest+}`
})
const request = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 })
  .map((parts) => `/${parts.join('/')}`)

/** Whether a route's path fits a request at all, said without any tree. */
function fits(routePath: string, requestPath: string): boolean {
  const pattern = routePath.replace(/\{rest\+\}/, '.+').replaceAll('{x}', '[^/]+')
  return new RegExp(`^${pattern}$`).test(requestPath)
}

test('match() finds a route exactly when one fits, and a full one before any greedy one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(route, { maxLength: 8 }), request, (paths, asked) => {
      for (const precedence of ['nearest', 'full-first'] as const) {
        const found = table(
          paths.map((one) => `ANY ${one}`),
          precedence,
        ).match('GET', asked)
        const fitting = paths.filter((one) => fits(one, asked))
        assert.equal(found !== undefined, fitting.length > 0)
        if (found === undefined) continue
        const chosen = found.target.slice('ANY '.length)
        assert.ok(fitting.includes(chosen))
        if (fitting.includes(asked)) assert.equal(chosen, asked)
        if (precedence === 'full-first' && fitting.some((one) => !one.includes('+'))) {
          assert.ok(!chosen.includes('+'))
        }
      }
    }),
  )
})
