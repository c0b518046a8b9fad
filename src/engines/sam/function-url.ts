/** FunctionUrlConfig: the URL and, for everyone's use, its two permissions. */
import { isIntrinsic, ref } from '#engines/sam/intrinsics.ts'
import { type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'

export function urlOf(source: Source, config: Dict, alias: Made | undefined): Made[] {
  const { id } = source
  checkConfig(id, config)
  const attributes = passedOn(source)
  const target = alias === undefined ? ref(id) : ref(alias.id)
  const cors = memberOf(config, 'Cors')
  const auth = memberOf(config, 'AuthType')
  const url = made(
    `${id}Url`,
    'AWS::Lambda::Url',
    {
      TargetFunctionArn: target,
      AuthType: auth,
      Cors: isDict(cors) && Object.keys(cors).length === 0 ? undefined : cors,
      InvokeMode: memberOf(config, 'InvokeMode'),
    },
    { attributes },
  )
  if (auth !== 'NONE' || isIntrinsic(config)) return [url]
  return [
    url,
    made(
      `${id}UrlPublicPermissions`,
      'AWS::Lambda::Permission',
      { Action: 'lambda:InvokeFunctionUrl', FunctionName: target, Principal: '*', FunctionUrlAuthType: auth },
      { attributes },
    ),
    made(
      `${id}URLInvokeAllowPublicAccess`,
      'AWS::Lambda::Permission',
      { Action: 'lambda:InvokeFunction', FunctionName: target, Principal: '*', InvokedViaFunctionUrl: true },
      { attributes },
    ),
  ]
}

const CORS = new Map<string, readonly [name: string, fits: (value: Value) => boolean]>([
  ['AllowOrigins', ['list', Array.isArray]],
  ['AllowMethods', ['list', Array.isArray]],
  ['AllowCredentials', ['bool', (value) => typeof value === 'boolean']],
  ['AllowHeaders', ['list', Array.isArray]],
  ['ExposeHeaders', ['list', Array.isArray]],
  ['MaxAge', ['int', (value) => typeof value === 'boolean' || Number.isInteger(value)]],
])

function checkConfig(id: string, config: Dict): void {
  if (isIntrinsic(config)) return
  const auth = memberOf(config, 'AuthType')
  if (!isIntrinsic(auth) && auth !== 'AWS_IAM' && auth !== 'NONE') {
    invalidResource(
      id,
      'AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.',
    )
  }
  const cors = memberOf(config, 'Cors')
  if (cors === undefined || cors === null || isIntrinsic(cors)) return
  if (!isDict(cors)) return invalidResource(id, "Property 'FunctionUrlConfig.Cors' should be a map.")
  for (const [name, value] of Object.entries(cors)) {
    const rule = CORS.get(name)
    if (rule === undefined)
      return invalidResource(id, `${name} is not a valid property for configuring Cors.`)
    if (!isIntrinsic(value) && !rule[1](value)) invalidResource(id, `${name} must be of type ${rule[0]}.`)
  }
}
