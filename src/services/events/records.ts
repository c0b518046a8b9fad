/** What is kept in the file `control`: settings as the caller gave them, with what the platform adds. Times are epoch ms. */
import { Records } from '#base/records.ts'
import type { Json } from '#base/json.ts'
import type { DeadLetterConfig, LogConfig, Target } from '#model/events.ts'

export type Tags = Readonly<Record<string, string>>

export interface BusRecord {
  readonly name: string
  readonly createdAt: number
  readonly changedAt: number
  readonly description?: string | undefined
  readonly kmsKey?: string | undefined
  readonly deadLetter?: DeadLetterConfig | undefined
  readonly logConfig?: LogConfig | undefined
  readonly policy?: PolicyRecord | undefined
  readonly tags: Tags
}

export interface PolicyRecord {
  readonly Version: string
  readonly Statement: readonly Json[]
}

export interface RuleRecord {
  readonly name: string
  readonly bus: string
  readonly createdAt: number
  readonly createdBy: string
  readonly state: string
  readonly pattern?: string | undefined
  readonly schedule?: string | undefined
  /** Where the periods of a rate begin. */
  readonly scheduledFrom?: number | undefined
  readonly description?: string | undefined
  readonly role?: string | undefined
  readonly managedBy?: string | undefined
  /** Of an archive's own rule: what it matches is kept there. */
  readonly archive?: string | undefined
  /** In the order of their ids' first appearance. */
  readonly targets: readonly Target[]
  readonly tags: Tags
}

export interface ArchiveRecord {
  readonly name: string
  /** Tells it apart from an earlier one of the same name. */
  readonly id: string
  readonly sourceArn: string
  readonly bus: string
  readonly createdAt: number
  readonly description?: string | undefined
  readonly pattern?: string | undefined
  readonly kmsKey?: string | undefined
  /** 0: for ever. */
  readonly retentionDays: number
}

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED'

export interface ReplayRecord {
  readonly name: string
  readonly description?: string | undefined
  readonly state: ReplayState
  readonly why?: string | undefined
  readonly archive: string
  readonly archiveId: string
  readonly sourceArn: string
  readonly busArn: string
  readonly ruleArns?: readonly string[] | undefined
  /** Times of the events. */
  readonly from: number
  readonly to: number
  readonly startedAt: number
  readonly endedAt?: number | undefined
  readonly lastEventAt?: number | undefined
  /** Place of the last event that was replayed. */
  readonly place?: readonly [number, string] | undefined
}

export interface Parameter {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
  readonly IsValueSecret?: boolean | undefined
}

export interface Parameters {
  readonly HeaderParameters?: readonly Parameter[] | undefined
  readonly QueryStringParameters?: readonly Parameter[] | undefined
  readonly BodyParameters?: readonly Parameter[] | undefined
}

export type Authorization =
  | { readonly kind: 'BASIC'; readonly username: string; readonly password: string }
  | { readonly kind: 'API_KEY'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'OAUTH_CLIENT_CREDENTIALS'
      readonly clientId: string
      readonly clientSecret: string
      readonly endpoint: string
      readonly method: string
      readonly parameters?: Parameters | undefined
    }

export interface ConnectionRecord {
  readonly name: string
  readonly id: string
  readonly state: 'AUTHORIZING' | 'AUTHORIZED' | 'DEAUTHORIZED'
  readonly why?: string | undefined
  readonly description?: string | undefined
  readonly kmsKey?: string | undefined
  readonly kind: Authorization['kind']
  /** Absent when it has been taken away. */
  readonly authorization?: Authorization | undefined
  readonly parameters?: Parameters | undefined
  readonly secretArn: string
  readonly createdAt: number
  readonly changedAt: number
  readonly authorizedAt: number
}

export interface DestinationRecord {
  readonly name: string
  readonly id: string
  readonly description?: string | undefined
  readonly connectionArn: string
  readonly endpoint: string
  readonly method: string
  readonly perSecond?: number | undefined
  readonly createdAt: number
  readonly changedAt: number
}

export const BUSES = new Records<BusRecord>('events-bus')
/** By bus and name. */
export const RULES = new Records<RuleRecord>('events-rule')
export const ARCHIVES = new Records<ArchiveRecord>('events-archive')
export const REPLAYS = new Records<ReplayRecord>('events-replay')
export const CONNECTIONS = new Records<ConnectionRecord>('events-connection')
export const DESTINATIONS = new Records<DestinationRecord>('events-destination')
