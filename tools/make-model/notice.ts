/** The notice that goes with the tables: where they come from, by version and hash, and what was changed. */
import type { Package } from './fetch.ts'

export function printNotice(
  botocore: Package,
  clients: ReadonlyMap<string, Package>,
): Readonly<Record<string, string>> {
  const part = (name: string): string => {
    const key = [...botocore.files.keys()].find((file) => file.includes('dist-info') && file.includes(name))
    return key === undefined ? '' : (botocore.files.get(key)?.toString('utf8') ?? '')
  }
  const packages = [botocore, ...clients.values()]
  const sdk = [...clients.values()][0]
  return {
    NOTICE: [
      'The tables in data/ and the types in this folder are derived from AWS API models published under the Apache',
      'License, Version 2.0, in these packages:',
      '',
      ...packages.map(({ name, version, sha256 }) => `  ${name} ${version}  sha256 ${sha256}`),
      '',
      'Modified: documentation was removed, the tables of both sources were merged into one form, and the corrections',
      'in tools/make-model/patches.json were applied. LICENSE-botocore and LICENSE-aws-sdk hold the licences.',
      '',
      "botocore's own notice:",
      '',
      part('NOTICE').trim(),
      '',
    ].join('\n'),
    'LICENSE-botocore': part('LICENSE'),
    'LICENSE-aws-sdk': sdk?.files.get('LICENSE')?.toString('utf8') ?? '',
  }
}
