/**
 * Writes `src/model/resources/sam.json` from the data files of the Python package aws-sam-translator (Apache-2.0):
 * policy templates, AWS's managed policies by name, connector profiles. Run: `node tools/make-resources-sam.ts DIR`,
 * where DIR is the package's `samtranslator` folder (`pip download aws-sam-translator --no-deps`, unzip).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Template {
  readonly Parameters: Record<string, unknown>
  readonly Definition: unknown
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('the folder of the package samtranslator is missing')
const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'))

const templates = read('policy_templates_data/policy_templates.json') as {
  Templates: Record<string, Template>
}
const managed = read('internal/data/aws_managed_policies.json') as { aws: Record<string, string> }
const profiles = read('model/connector_profiles/profiles.json') as Record<string, unknown>

const policyTemplates = Object.fromEntries(
  Object.entries(templates.Templates).map(([name, { Parameters, Definition }]) => [
    name,
    { Parameters: Object.fromEntries(Object.keys(Parameters).map((key) => [key, {}])), Definition },
  ]),
)
const managedPolicies = Object.fromEntries(
  Object.entries(managed.aws).map(([name, arn]) => [
    name,
    arn.slice(arn.indexOf(':policy/') + ':policy/'.length),
  ]),
)
const connectors = {
  Permissions: profiles['Permissions'],
  CfnResourceProperties: profiles['CfnResourceProperties'],
}
const out = join(import.meta.dirname, '../src/model/resources/sam.json')
const lines = Object.entries({ policyTemplates, managedPolicies, connectors }).map(
  ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
)
writeFileSync(out, `{\n${lines.join(',\n')}\n}\n`)
console.log(
  `${out}: ${Object.keys(policyTemplates).length} policy templates, ${Object.keys(managedPolicies).length} managed policies`,
)
