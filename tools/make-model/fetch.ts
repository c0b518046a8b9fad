/**
 * Brings the two sources: the newest botocore wheel through pip, the SDK clients through npm, each with the registry's
 * ordinary client. A folder that already holds the files is used as it is.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Archive, readTarball, readZip, sha256 } from './archives.ts'
import { SOURCES } from './services.ts'

export interface Package {
  readonly name: string
  readonly version: string
  readonly sha256: string
  readonly files: Archive
}

const find = (folder: string, pattern: RegExp): string | undefined =>
  readdirSync(folder).find((name) => pattern.test(name))

/** The newest botocore. */
export function fetchBotocore(folder: string): Package {
  mkdirSync(folder, { recursive: true })
  const pattern = /^botocore-(.+?)-py3-none-any\.whl$/
  if (find(folder, pattern) === undefined)
    execFileSync('pip', ['download', '--quiet', '--no-deps', '--dest', folder, 'botocore'], {
      stdio: 'inherit',
    })
  const name = find(folder, pattern)
  if (name === undefined) throw new Error(`pip left no botocore wheel in ${folder}`)
  const file = join(folder, name)
  const services = new Set(SOURCES.map((source) => source.service))
  const files = readZip(file, (entry) => {
    const [, data, service, , leaf] = entry.split('/')
    return (
      (data === 'data' && services.has(service ?? '') && leaf === 'service-2.json.gz') ||
      /dist-info\/(?:LICENSE|NOTICE)/.test(entry)
    )
  })
  return { name: 'botocore', version: pattern.exec(name)?.[1] ?? '', sha256: sha256(file), files }
}

/** The newest version of each SDK client. */
export function fetchClients(folder: string): ReadonlyMap<string, Package> {
  mkdirSync(folder, { recursive: true })
  const pattern = (client: string): RegExp =>
    new RegExp(`^${client.replace('@', '').replace('/', '-')}-(\\d+\\.\\d+\\.\\d+)\\.tgz$`)
  const missing = SOURCES.filter((source) => find(folder, pattern(source.client)) === undefined)
  if (missing.length > 0)
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', ...missing.map((source) => source.client)], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  return new Map(
    SOURCES.map(({ service, client }) => {
      const name = find(folder, pattern(client))
      if (name === undefined) throw new Error(`npm left no ${client} in ${folder}`)
      const file = join(folder, name)
      const files = readTarball(
        file,
        (entry) =>
          /^dist-es\/(?:schemas\/schemas_\d+|runtimeConfig\.shared)\.js$/.test(entry) || entry === 'LICENSE',
      )
      const version = pattern(client).exec(name)?.[1] ?? ''
      return [service, { name: client, version, sha256: sha256(file), files }]
    }),
  )
}
