/** The AppSpec file of a Lambda deployment, in YAML or JSON: which alias goes from which version to which, and its hooks. Pure. */
import { failed, ok, type Result } from '#base/result.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { type Dict, isDict, scalarText, soleEntry, type Value } from '#engines/templates/value.ts'

/** Lifecycle events of a Lambda deployment that a function can be hooked to. Source: CodeDeploy user guide, AppSpec "hooks" section. */
export type HookName = 'BeforeAllowTraffic' | 'AfterAllowTraffic'
export const HOOK_NAMES: readonly HookName[] = ['BeforeAllowTraffic', 'AfterAllowTraffic']

export interface Move {
  readonly functionName: string
  readonly alias: string
  readonly currentVersion: string
  readonly targetVersion: string
}

export interface AppSpec {
  readonly move: Move
  /** Function names or ARNs. */
  readonly hooks: Readonly<Partial<Record<HookName, string>>>
}

/** Names are taken in any case: the guide writes them both ways. */
function member(value: Value | undefined, name: string): Value | undefined {
  if (!isDict(value)) return undefined
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
}

const listOf = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : [])

/** The reason when it is none. Source: CodeDeploy user guide, AppSpec file structure for AWS Lambda deployments; texts inferred. */
export function readAppSpec(content: string): Result<AppSpec, string> {
  const parsed = parseTemplate(content)
  if (!parsed.ok) return failed('The AppSpec file is neither valid YAML nor valid JSON.')
  const { body } = parsed.value
  const move = moveIn(body)
  if (!move.ok) return move
  const hooks: Partial<Record<HookName, string>> = {}
  for (const item of listOf(member(body, 'Hooks'))) {
    const [key, value] = soleEntry(item) ?? ['', null]
    const name = HOOK_NAMES.find((known) => known.toLowerCase() === key.toLowerCase())
    const functionName = scalarText(value)
    if (name === undefined || functionName === undefined)
      return failed(
        'The hooks of an AWS Lambda deployment are BeforeAllowTraffic and AfterAllowTraffic, each with the name of a function.',
      )
    hooks[name] = functionName
  }
  return ok({ move: move.value, hooks })
}

function moveIn(body: Dict): Result<Move, string> {
  const resources = listOf(member(body, 'Resources'))
  if (resources.length !== 1)
    return failed('The AppSpec file must have exactly one function in its Resources section.')
  const [, resource] = soleEntry(resources[0]) ?? ['', null]
  if (scalarText(member(resource, 'Type')) !== 'AWS::Lambda::Function')
    return failed('The Type of a resource must be AWS::Lambda::Function.')
  const properties = member(resource, 'Properties')
  const found = (name: string): string => scalarText(member(properties, name)) ?? ''
  const move = {
    functionName: found('Name'),
    alias: found('Alias'),
    currentVersion: found('CurrentVersion'),
    targetVersion: found('TargetVersion'),
  }
  const missing = Object.entries(move).find(([, value]) => value === '')
  return missing === undefined
    ? ok(move)
    : failed('The Properties of a function must be Name, Alias, CurrentVersion and TargetVersion.')
}

/** The same as text, for deployments that CodeDeploy makes itself. */
export const printAppSpec = ({ functionName, alias, currentVersion, targetVersion }: Move): string =>
  JSON.stringify({
    version: 0,
    Resources: [
      {
        [functionName]: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Name: functionName,
            Alias: alias,
            CurrentVersion: currentVersion,
            TargetVersion: targetVersion,
          },
        },
      },
    ],
  })
