/** Writes a table with one operation and one shape per line, so that a new model is a diff people can read. */
import type { ServiceEntry, ServiceTable } from '#wire/table.ts'

function lines(entries: Readonly<Record<string, unknown>>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n')
}

const TEMPLATED = new Set(['restJson1', 'restXml'])

export function printTable(table: ServiceTable): string {
  const { operations, shapes, ...facts } = table
  const slim = Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => {
      const { http: _, ...rest } = operation
      return [name, table.protocols.some((protocol) => TEMPLATED.has(protocol)) ? operation : rest]
    }),
  )
  return `{\n${lines(facts)},\n"operations":{\n${lines(slim)}\n},\n"shapes":{\n${lines(shapes)}\n}\n}\n`
}

export function entryOf(table: ServiceTable): ServiceEntry {
  const { operations, shapes: _, ...facts } = table
  const isQuery = table.protocols.includes('awsQuery')
  const isRest = table.protocols.some((protocol) => TEMPLATED.has(protocol))
  const templates = Object.values(operations).flatMap(({ http }) =>
    http === undefined ? [] : [`${http[0]} ${http[1].split('?')[0] ?? ''}`],
  )
  return {
    ...facts,
    ...(isQuery ? { actions: Object.keys(operations) } : {}),
    ...(isRest ? { templates: [...new Set(templates)].sort() } : {}),
  }
}

export function printIndex(entries: readonly ServiceEntry[]): string {
  return `{"services":[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]}\n`
}
