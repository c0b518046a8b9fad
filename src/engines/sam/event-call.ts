/** What every event of a function is given, and the permission that most of them make. */
import { hashedId, isAlphanumeric } from '#engines/sam/logical-id.ts'
import { type Made, made } from '#engines/sam/resource.ts'
import type { World } from '#engines/sam/world.ts'
import type { Dict, Value } from '#engines/templates/value.ts'

/** What an event calls: the function, or its alias. */
export interface Target {
  readonly id: string
  /** Of the function itself, whatever is called. */
  readonly functionId: string
  readonly name: Dict
  readonly arn: Dict
  /** Condition, DeletionPolicy and UpdateReplacePolicy for what the event makes. */
  readonly attributes: Dict
  readonly condition: string | undefined
}

export interface EventCall {
  readonly world: World
  /** Logical id of what the event makes: function and event name. */
  readonly id: string
  /** As the template names the event. */
  readonly name: string
  readonly type: string
  readonly properties: Dict
  readonly target: Target
  /** The function's own role: pull events add what they need. */
  readonly role: Made
}

export interface PermissionOptions {
  readonly principal: string
  readonly sourceArn?: Value | undefined
  readonly sourceAccount?: Value | undefined
  readonly eventSourceToken?: Value | undefined
  readonly prefix?: string
  readonly suffix?: string
}

/** The permission `<event>Permission<suffix>` for whoever calls the function. */
export function permission(call: EventCall, options: PermissionOptions): Made {
  const base = `${options.prefix ?? call.id}Permission`
  const suffix = options.suffix ?? ''
  return made(
    isAlphanumeric(suffix) ? base + suffix : hashedId(base, suffix),
    'AWS::Lambda::Permission',
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: call.target.name,
      Principal: options.principal,
      SourceArn: options.sourceArn,
      SourceAccount: options.sourceAccount,
      EventSourceToken: options.eventSourceToken,
    },
    { attributes: call.target.attributes },
  )
}
