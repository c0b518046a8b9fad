/** Parameters of Systems Manager that a template's parameters name: fetched before the template is resolved. */
import type { SsmReference } from '#engines/templates/parameters.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import { validationError } from '#services/cloudformation/faults.ts'

/** Names that GetParameters takes at once. Source: Systems Manager API, GetParameters. */
const AT_ONCE = 10

/** Values by the template's parameter. Faults: ValidationError in AWS's words (recorded answers). */
export async function fetchParameters(
  api: Api,
  identity: ApiIdentity,
  references: readonly SsmReference[],
): Promise<Map<string, string>> {
  const names = [...new Set(references.map(({ name }) => name))]
  const values = new Map<string, string>()
  const invalid: string[] = []
  const secure: string[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const asked = names.slice(at, at + AT_ONCE)
    const { Parameters = [], InvalidParameters = [] } = await api.call(
      'ssm',
      'GetParameters',
      { Names: asked },
      identity,
    )
    invalid.push(...InvalidParameters)
    for (const { Name, Selector = '', Type, Value, ARN } of Parameters) {
      if (Name === undefined || Value === undefined) continue
      if (Type === 'SecureString') secure.push(Name)
      for (const name of [Name, ARN ?? Name]) values.set(`${name}${Selector}`, Value)
    }
  }
  if (invalid.length > 0)
    throw validationError(
      `Unable to fetch parameters [${invalid.join(',')}] from parameter store for this account.`,
    )
  if (secure.length > 0)
    throw validationError(
      `Parameters [${secure.join(',')}] referenced by template have types not supported by CloudFormation.`,
    )
  return new Map(
    references.flatMap(({ parameter, name, value }) => {
      const found = values.get(name)
      return value && found !== undefined ? [[parameter, found]] : []
    }),
  )
}
