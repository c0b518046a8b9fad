/**
 * Dynamic references, `{{resolve:service:key}}`, in a resource's properties: read when the resource is worked on, and
 * kept nowhere. Source: CloudFormation user guide, Dynamic references; texts recorded where known, else inferred.
 */
import { Fault } from '#base/fault.ts'
import { refuse } from '#engines/templates/template-error.ts'
import { type Dict, isDict, type Value } from '#engines/templates/value.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'

const REFERENCE = /\{\{resolve:([^{}]*)\}\}/g

/** Properties that take secure parameters. Source: CloudFormation user guide, Resources that support secure dynamic references. */
const SECURE = new Set(['AWS::IAM::User/Properties/LoginProfile/Password'])

export function holdsReference(value: Value): boolean {
  if (typeof value === 'string') return value.includes('{{resolve:')
  if (Array.isArray(value)) return value.some(holdsReference)
  return isDict(value) && Object.values(value).some(holdsReference)
}

/** The properties with values in the references' places. Throws `TemplateError`. */
export async function resolveReferences(
  state: CloudFormationState,
  owner: Owner,
  type: string,
  properties: Dict,
): Promise<Dict> {
  const found = await walk(properties, [type, 'Properties'], (reference, path) =>
    valueOf(state, owner, reference, path),
  )
  return isDict(found) ? found : properties
}

type Find = (reference: string, path: string) => Promise<string>

async function walk(value: Value, path: readonly string[], find: Find): Promise<Value> {
  if (typeof value === 'string') {
    const parts = [...value.matchAll(REFERENCE)]
    let [out, at] = ['', 0]
    for (const part of parts) {
      out += value.slice(at, part.index) + (await find(part[1] ?? '', path.join('/')))
      at = part.index + part[0].length
    }
    return out + value.slice(at)
  }
  if (Array.isArray(value)) return await Promise.all(value.map((item) => walk(item, path, find)))
  if (!isDict(value)) return value
  const members = Object.entries(value).map(
    async ([name, member]) => [name, await walk(member, [...path, name], find)] as const,
  )
  return Object.fromEntries(await Promise.all(members))
}

async function valueOf(
  state: CloudFormationState,
  owner: Owner,
  reference: string,
  path: string,
): Promise<string> {
  const colon = reference.indexOf(':')
  const [service, key] = [reference.slice(0, colon), reference.slice(colon + 1)]
  if (service === 'ssm') return await parameter(state, owner, key, false)
  if (service === 'ssm-secure') {
    if (!SECURE.has(path)) return refuse(`SSM Secure reference is not supported in: [${path}]`)
    return await parameter(state, owner, key, true)
  }
  if (service === 'secretsmanager')
    return refuse(`Windtunnel has no Secrets Manager yet: {{resolve:${reference}}} cannot be resolved.`)
  return refuse(`Invalid dynamic reference: {{resolve:${reference}}}`)
}

async function parameter(
  state: CloudFormationState,
  [account, region]: Owner,
  key: string,
  secure: boolean,
): Promise<string> {
  const service = secure ? 'ssm-secure' : 'ssm'
  try {
    const { Parameter: found } = await state.ports.api.call(
      'ssm',
      'GetParameter',
      { Name: key, WithDecryption: secure },
      { account, region },
    )
    const isSecure = found?.Type === 'SecureString'
    if (isSecure !== secure)
      return refuse(
        secure
          ? `SSM Secure reference is used for a parameter that is not secure: [${key}]`
          : `Non-secure reference is used for a secure SSM parameter: [${key}]`,
      )
    return found?.Value ?? ''
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith('Parameter'))
      return refuse(`Parameters: [${service}:${key}] cannot be found.`)
    throw error
  }
}
