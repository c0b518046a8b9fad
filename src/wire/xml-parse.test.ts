import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeXml, parseXml } from '#wire/xml-parse.ts'

test('parseXml() reads elements, attributes, entities, CDATA and comments', () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<!-- c --><n:a x="1 &amp; 2" n:y=\'z\'><b>&lt;&#x41;&#66;</b><c/><![CDATA[<raw>]]></n:a>',
  )
  assert.deepEqual(root, {
    name: 'a',
    attributes: { x: '1 & 2', 'n:y': 'z' },
    children: [
      { name: 'b', attributes: {}, children: [], text: '<AB' },
      { name: 'c', attributes: {}, children: [], text: '' },
    ],
    text: '<raw>',
  })
})

test('parseXml() answers undefined for what is not well-formed, and for document types', () => {
  for (const source of [
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a b=c/>',
    '<a>&none;</a>',
    '<a>&#0;</a>',
    '<!DOCTYPE a><a/>',
    '<a',
    '<a><!-- </a>',
    '<a x="1" x="2"/>',
  ])
    assert.equal(parseXml(source), undefined, source)
  assert.equal(parseXml('<a>'.repeat(500) + '</a>'.repeat(500)), undefined)
})

test('parseXml() gives back the text that escapeXml() wrote', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[\0\u{d800}-\u{dfff}]/u.test(text)),
      (text) => {
        assert.equal(parseXml(`<a>${escapeXml(text)}</a>`)?.text, text)
      },
    ),
  )
})

test('parseXml() never throws', () => {
  const part = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    ' ',
    '"',
    '=',
    '&',
    ';',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '#x',
  )
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      parseXml(parts.join(''))
    }),
    { numRuns: 1_000 },
  )
})
