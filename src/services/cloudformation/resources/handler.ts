/**
 * What a resource handler is: the three things that a deployment does to one type of resource, by AWS's own API. A
 * handler keeps nothing; what it answers is stored by the deployment. Each step may be repeated after a crash.
 */
import type { Instant, Ms } from '#base/time.ts'
import type { Dict } from '#engines/templates/value.ts'
import type { Services } from '#model/services.ts'
import type { Clock } from '#ports/clock.ts'

type In<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { in: infer I }
  ? I
  : never
type Out<S extends keyof Services, O extends keyof Services[S]> = Services[S][O] extends { out: infer I }
  ? I
  : never

export interface StackIdentity {
  readonly name: string
  readonly id: string
  readonly account: string
  readonly region: string
  readonly partition: string
}

export interface Letter {
  readonly requestId: string
  readonly url: string
  /** When nobody waits any more. */
  readonly until: Instant
  /** True in a repetition: it is on its way already. */
  readonly sent: boolean
}

/** The letters of one resource. */
export interface Mailbox {
  /** The letter of this attempt, made at the first call. `purpose` tells several of one attempt apart. */
  open(purpose: string, timeoutMs: Ms): Promise<Letter>
  /** Notes that it is on its way. */
  noteSent(): Promise<void>
  /** The answers as soon as there are so many, or those that came until then. Throws `Interrupted`. */
  answers(count: number, until: Instant): Promise<readonly string[]>
  /** Throws the letter away. */
  close(): Promise<void>
}

export interface ResourceContext {
  readonly stack: StackIdentity
  readonly logicalId: string
  readonly clock: Clock
  /** AWS's API as the stack's account. Throws the Fault that the service answers. */
  call<S extends keyof Services, O extends keyof Services[S] & string>(
    service: S,
    operation: O,
    input: In<S, O>,
  ): Promise<Out<S, O>>
  has(service: string, operation: string): boolean
  /** The bytes of an object in our S3. */
  object(bucket: string, key: string, version: string | undefined): Promise<Uint8Array>
  /** The tags that CloudFormation itself puts on what it makes: stack and logical id. Source: CloudFormation user guide, Resource tags. */
  readonly marks: Readonly<Record<string, string>>
  /** Its UpdatePolicy, in an update on the way forward only: the way back takes things straight to where they were. */
  readonly updatePolicy?: Dict | undefined
  /** In an update: what Fn::GetAtt gave until now, for what the service tells but once. */
  readonly attributes?: Dict | undefined
  /** Resolves after that much real time, or when the operation is cancelled. Throws `Interrupted` when the platform ends. */
  pause(ms: Ms): Promise<void>
  /** True when the operation has been cancelled. */
  cancelled(): boolean
  /** Its type in the template. */
  readonly type: string
  /** Its own letters, or those of another resource of the stack. */
  mailbox(logicalId?: string): Mailbox
  readonly nested: NestedStacks
  /** `stack-logical-RANDOM` cut to that length; the same in every repetition. */
  name(charactersMax: number, lower?: boolean): string
}

export interface Made {
  /** What Ref gives. */
  readonly physicalId: string
  /** What Fn::GetAtt gives, by attribute. */
  readonly attributes: Dict
  /** What of the template is not applied here and does no harm: told in the resource's event. */
  readonly notice?: string | undefined
}

/** What a resource handler may ask of the stacks within its stack. Each waits until the stack rests. */
export interface NestedStacks {
  create(within: Within, properties: Dict): Promise<Made>
  update(within: Within, stackId: string, properties: Dict): Promise<Made>
  delete(within: Within, stackId: string): Promise<void>
}

/** The stack that another one is a resource of, and the name of that one. */
export interface Within {
  readonly stackId: string
  readonly name: string
}

/** What tells a thing that an interrupted creation left from others like it. */
export interface Search {
  /** Ids that resources of stacks have. */
  readonly taken: ReadonlySet<string>
  /** When the creation was about to begin. */
  readonly since: Instant
}

export interface ResourceHandler {
  create(context: ResourceContext, properties: Dict): Promise<Made>
  /** In place; `before` is what it was made from. */
  update(context: ResourceContext, physicalId: string, properties: Dict, before: Dict): Promise<Made>
  /**
   * True when an update may answer another id, and has made another thing then: the old one is deleted in the cleanup.
   * Its way back is an update too.
   */
  readonly mayReplace?: boolean
  /** Harmless when it is gone. */
  delete(context: ResourceContext, physicalId: string, properties: Dict): Promise<void>
  /**
   * The id of what an interrupted `create` left behind, when names decide about it; then the deployment updates that
   * instead of failing with "already exists".
   */
  existing?(context: ResourceContext, properties: Dict): string | undefined
  /**
   * The same where ids are given by the service: looked for, by marks or by what it is, before an interrupted `create`
   * is made again. With neither, an interrupted creation is simply made anew: then it must be the same twice.
   */
  find?(context: ResourceContext, properties: Dict, search: Search): Promise<string | undefined>
}

/** Resolves after that much real time. */
export const pause = (clock: Clock, ms: Ms): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve))
