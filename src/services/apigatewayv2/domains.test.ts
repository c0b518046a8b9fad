import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HttpDomain } from '#services/apigatewayv2/document.ts'
import { mappingFor } from '#services/apigatewayv2/domains.ts'

function domain(keys: readonly string[]): HttpDomain {
  const mappings = keys.map((key, index) => [
    `m${index}`,
    { ApiId: 'a', ApiMappingId: `m${index}`, ApiMappingKey: key, Stage: '$default' },
  ])
  return {
    id: 'd',
    settings: { DomainName: 'd' },
    mappings: Object.fromEntries(mappings) as HttpDomain['mappings'],
  }
}

test('mappingFor() takes the longest key of whole parts and leaves the rest of the path', () => {
  const part = fc.constantFrom('a', 'b', 'ab')
  const key = fc.array(part, { maxLength: 3 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.array(part, { maxLength: 4 }), (keys, parts) => {
      const found = mappingFor(domain(keys), `/${parts.join('/')}`)
      const fitting = keys.filter((one) => {
        const wanted = one === '' ? [] : one.split('/')
        return wanted.every((name, index) => parts[index] === name)
      })
      const longest = fitting.sort((a, b) => b.length - a.length)[0]
      assert.equal(found?.mapping.ApiMappingKey, longest)
      if (found === undefined || longest === undefined) return
      const rest = parts.slice(longest === '' ? 0 : longest.split('/').length)
      assert.equal(found.path, `/${rest.join('/')}`)
    }),
  )
})
