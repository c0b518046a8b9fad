/**
 * Compares `engines/sam` with templates and expected outputs in SAM's own test layout: `node tools/sam-oracle.ts DIR
 * [NAME...] [-v]`, where DIR has `input/` and `output/`. Lists are compared without their order, and the digest in a
 * REST deployment's logical id is left out, as SAM's own tests do. Prints equal/total by category.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { transformSam, type SamTables } from '#engines/sam/transform.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { type Dict, isDict, type Value } from '#engines/templates/value.ts'

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined) throw new Error('the folder with input/ and output/ is missing')
const verbose = rest.includes('-v')
const wanted = rest.filter((word) => word !== '-v')
const tables = JSON.parse(
  readFileSync(join(import.meta.dirname, '../src/model/resources/sam.json'), 'utf8'),
) as SamTables

/** Values that SAM's tests give to parameters. */
const PARAMETERS: Dict = {}

function normal(value: Value, ids: ReadonlyMap<string, string>): Value {
  if (typeof value === 'string') {
    // Unquoted `2.0` of YAML stays text here and is a number there.
    if (/^\d+\.\d+$/.test(value)) return String(Number(value))
    let text = value.replace(/^RestApi deployment id: [0-9a-f]{40}$/, 'RestApi deployment id')
    for (const [from, to] of ids) text = text.replaceAll(from, to)
    return text
  }
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) {
    return value
      .map((item) => normal(item, ids))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (!isDict(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, Value] => [ids.get(key) ?? key, normal(item, ids)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function prepared(template: Value): Value {
  const ids = new Map<string, string>()
  const resources = isDict(template) && isDict(template['Resources']) ? template['Resources'] : {}
  for (const [id, resource] of Object.entries(resources)) {
    const match = id.match(/^(.*Deployment)[0-9a-f]{10}$/)
    if (match !== null && isDict(resource) && resource['Type'] === 'AWS::ApiGateway::Deployment') {
      ids.set(id, match[1] ?? id)
    }
  }
  return normal(template, ids)
}

function differences(a: Value | undefined, b: Value | undefined, path: string, out: string[]): void {
  if (JSON.stringify(a) === JSON.stringify(b) || out.length > 8) return
  if (isDict(a) && isDict(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      differences(a[key], b[key], `${path}/${key}`, out)
  } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [at, item] of a.entries()) differences(item, b[at], `${path}/${at}`, out)
  } else {
    const short = (value: Value | undefined): string => (JSON.stringify(value) ?? 'missing').slice(0, 260)
    out.push(`    ${path}\n      ours     ${short(a)}\n      expected ${short(b)}`)
  }
}

const files = globSync(join(folder, 'input/*')).sort()
const counts = new Map<string, { equal: number; total: number }>()
const add = (category: string, equal: boolean): void => {
  const count = counts.get(category) ?? { equal: 0, total: 0 }
  count.total++
  if (equal) count.equal++
  counts.set(category, count)
}

function categoryOf(name: string): string {
  if (name.startsWith('error_')) return 'errors'
  const match = name.match(
    /^(api|http_api|implicit_http_api|implicit_api|explicit_http|function|state_machine|connector|embedded_connectors|graphqlapi|websocket_api|capacity_provider|simple_?table|s3|sns|layer|globals)/,
  )
  return match?.[1] ?? 'other'
}

for (const file of files) {
  const name = basename(file).replace(/\.[a-z]+$/, '')
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const output = join(folder, 'output', `${name}.json`)
  if (!existsSync(output)) continue
  const expected = JSON.parse(readFileSync(output, 'utf8')) as Dict
  const parsed = parseTemplate(readFileSync(file, 'utf8'))
  if (!parsed.ok) {
    add(categoryOf(name), false)
    console.log(`FAIL ${name}: ${parsed.error.message}`)
    continue
  }
  let problem: string | undefined
  try {
    const result = transformSam(parsed.value.body, {
      region: 'ap-southeast-1',
      account: '123456789012',
      partition: 'aws',
      parameterValues: PARAMETERS,
      tables,
      applicationUrl: () => 'https://awsserverlessrepo-changesets-xxx.s3.amazonaws.com/signed-url',
    })
    const message = expected['errorMessage']
    if (typeof message === 'string') {
      const ours = result.ok ? 'no error' : result.error.message
      const same =
        ours === message ||
        ours
          .split(/(?=Resource with id|Event with id|Structure of)/)
          .sort()
          .join('') ===
          message
            .split(/(?=Resource with id|Event with id|Structure of)/)
            .sort()
            .join('')
      if (!same) problem = `    ours     ${ours}\n    expected ${message}`
    } else if (!result.ok) problem = `    ${result.error.message}`
    else {
      const found: string[] = []
      differences(prepared(result.value), prepared(expected), '', found)
      if (found.length > 0) problem = found.join('\n')
    }
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : 'thrown'
  }
  add(categoryOf(name), problem === undefined)
  if (problem !== undefined)
    console.log(verbose || wanted.length > 0 ? `FAIL ${name}\n${problem}` : `FAIL ${name}`)
}

const sum = { equal: 0, total: 0 }
const plain = { equal: 0, total: 0 }
for (const [category, { equal, total }] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(`${category.padEnd(22)} ${equal}/${total}`)
  sum.equal += equal
  sum.total += total
  if (category !== 'errors') {
    plain.equal += equal
    plain.total += total
  }
}
console.log(`templates ${plain.equal}/${plain.total}, with errors ${sum.equal}/${sum.total}`)
if (sum.total === 0) process.exitCode = 1
