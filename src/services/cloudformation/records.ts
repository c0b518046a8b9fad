/** What is kept of stacks, and under which keys of the control file. Shapes only; when you change one, old files must still read. */
import { Records } from '#base/records.ts'
import type { Dict } from '#engines/templates/value.ts'

export interface KeyValue {
  readonly key: string
  readonly value: string
}

/** One of a stack's or a change set's parameters. */
export interface StoredParameter extends KeyValue {
  readonly noEcho: boolean
  /** What Systems Manager had under the name that is its value. */
  readonly resolved?: string | undefined
}

export interface StackTag {
  readonly Key: string
  readonly Value: string
}

export interface StoredOutput {
  readonly key: string
  readonly value: string
  readonly description?: string | undefined
  readonly exportName?: string | undefined
}

/** A deployment under way; its absence means that the stack rests. */
export interface StoredOperation {
  readonly kind: 'create' | 'update' | 'delete'
  /** Going forward, undoing after a failure, or removing what is no longer needed. */
  phase: 'forward' | 'rollback' | 'cleanup'
  readonly id: string
  readonly clientToken?: string | undefined
  readonly onFailure: 'ROLLBACK' | 'DO_NOTHING' | 'DELETE'
  readonly startedAt: number
  /** Logical ids that a deletion leaves alone. */
  readonly retain: readonly string[]
  /** Deletes the stack although a resource could not be. */
  readonly force?: boolean | undefined
  /** Set by CancelUpdateStack: nothing new is begun, and what was done is undone. */
  cancelled?: boolean | undefined
  /** Logical ids that a continued rollback leaves as they are. */
  readonly skip?: readonly string[] | undefined
  /** A stack policy for this update alone. */
  readonly policyDuring?: string | undefined
}

export interface StackRecord {
  readonly stackId: string
  readonly name: string
  readonly uuid: string
  readonly createdAt: number
  status: string
  statusReason?: string | undefined
  updatedAt?: number | undefined
  deletedAt?: number | undefined
  description?: string | undefined
  parameters: readonly StoredParameter[]
  capabilities: readonly string[]
  tags: readonly StackTag[]
  notificationArns: readonly string[]
  roleArn?: string | undefined
  timeoutMinutes?: number | undefined
  disableRollback: boolean
  terminationProtection: boolean
  outputs: readonly StoredOutput[]
  changeSetId?: string | undefined
  /** Names of exports that its template imports. */
  imports: readonly string[]
  operation?: StoredOperation | undefined
  /** Why its last operation failed, when it did. */
  failure?: string | undefined
  /** The stack policy's text. */
  policy?: string | undefined
  /** Ids of the stack that this one is a resource of, and of the outermost one. */
  readonly parentId?: string | undefined
  readonly rootId?: string | undefined
  /** How many stacks this one is within. */
  readonly depth?: number | undefined
  /** Events so far; the next one's number. */
  eventCount: number
}

/** A template as given, and as it is after its transforms. */
export interface TemplateRecord {
  readonly original: string
  readonly processed: Dict
  readonly transformed: boolean
  readonly parameters: readonly KeyValue[]
  /** Values fetched from Systems Manager, by the template's parameter. */
  readonly fetched?: readonly KeyValue[] | undefined
}

/** One life of a resource: what CloudFormation made, and from what. */
export interface Incarnation {
  readonly physicalId: string
  readonly properties: Dict
  readonly attributes: Dict
  /** Random part of generated names. */
  readonly token: string
  readonly type: string
}

export interface ResourceRecord {
  readonly logicalId: string
  readonly type: string
  status: string
  statusReason?: string | undefined
  updatedAt: number
  /** What exists now; undefined before it is made. */
  current?: Incarnation | undefined
  /** Random part of the names of what is being made; a repeated step uses it again. */
  token: string
  deletionPolicy: string
  updateReplacePolicy: string
  metadata?: Dict | undefined
  /** Logical ids that it needs: deletion goes the other way round. */
  needs: readonly string[]
  /** What the running operation did to it. */
  done?: 'created' | 'updated' | 'replaced' | 'restored' | 'removed' | undefined
  /** As it was before the running operation, for the way back. */
  before?: Incarnation | undefined
  /** Lives that an update replaced which failed and was left as it was: removed in the next cleanup. */
  superseded?: readonly Incarnation[] | undefined
  beforePolicies?: { readonly deletion: string; readonly replacement: string } | undefined
}

/** True when a thing was about to be made, and whether it was is not known. */
export const isInDoubt = ({ status, current, token }: ResourceRecord): boolean =>
  current === undefined
    ? status === 'CREATE_IN_PROGRESS'
    : status === 'UPDATE_IN_PROGRESS' && token !== current.token

export interface EventRecord {
  readonly id: string
  readonly at: number
  readonly logicalId: string
  readonly physicalId: string
  readonly type: string
  readonly status: string
  readonly reason?: string | undefined
  readonly properties?: string | undefined
  readonly clientToken?: string | undefined
  readonly operationId?: string | undefined
}

export interface ChangeSetRecord {
  readonly id: string
  readonly uuid: string
  readonly name: string
  readonly stackId: string
  readonly stackName: string
  readonly type: 'CREATE' | 'UPDATE'
  readonly createdAt: number
  readonly description?: string | undefined
  status: string
  statusReason?: string | undefined
  executionStatus: string
  readonly parameters: readonly StoredParameter[]
  readonly tags: readonly StackTag[]
  readonly capabilities: readonly string[]
  readonly notificationArns: readonly string[]
  readonly roleArn?: string | undefined
  readonly onStackFailure?: string | undefined
  readonly stackDescription?: string | undefined
  readonly changes: readonly StoredChange[]
}

export interface StoredChange {
  readonly action: 'Add' | 'Modify' | 'Remove'
  readonly logicalId: string
  readonly physicalId?: string | undefined
  readonly type: string
  readonly replacement?: 'True' | 'False' | 'Conditional' | undefined
  readonly policyAction?: string | undefined
  readonly properties: readonly { readonly name: string; readonly recreation: string }[]
  /** Attributes other than properties that changed, such as Tags or DeletionPolicy. */
  readonly scopes: readonly string[]
}

/** A letter to somebody outside, and the answers that came to the address in it. */
export interface LetterRecord {
  /** Which try of which operation it is for: a repetition after a crash finds it by this. */
  readonly attempt: string
  readonly requestId: string
  /** What the address proves itself with. */
  readonly signature: string
  readonly until: number
  sent: boolean
  readonly answers: readonly string[]
}

export interface ExportRecord {
  readonly name: string
  readonly value: string
  readonly stackId: string
}

/** By uuid. */
export const stacks = new Records<StackRecord>('cloudformation-stack')
/** The uuid of the stack that has a name now. */
export const stackNames = new Records<{ readonly uuid: string }>('cloudformation-name')
/** By uuid of the stack and `current`, `next` or a change set's uuid. */
export const templates = new Records<TemplateRecord>('cloudformation-template')
/** By uuid of the stack and logical id. */
export const resources = new Records<ResourceRecord>('cloudformation-resource')
/** By uuid of the stack and number. */
export const events = new Records<EventRecord>('cloudformation-event')
/** By uuid of the stack and uuid of the change set. */
export const changeSets = new Records<ChangeSetRecord>('cloudformation-change-set')
/** By uuid of the stack and logical id. */
export const letters = new Records<LetterRecord>('cloudformation-letter')
/** By name. */
export const exported = new Records<ExportRecord>('cloudformation-export')
/** Stacks with a deployment under way, of all accounts: what a start has to resume. */
export const running = new Records<{ readonly owner: readonly [string, string]; readonly uuid: string }>(
  'cloudformation-running',
)
