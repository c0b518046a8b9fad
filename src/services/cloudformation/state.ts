/**
 * The service's memory: ports, the generated tables, and the deployments that run now. Everything else is in the
 * control file; a start resumes from there.
 */
import type { AccountId, Region } from '#base/ids.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import type { NestedStacks } from '#services/cloudformation/resources/handler.ts'
import { readTables, type ResourceTables } from '#services/cloudformation/tables.ts'
import { isDict, type Dict } from '#engines/templates/value.ts'
import type { SamTables } from '#engines/sam/transform.ts'
import { assert } from '#base/assert.ts'
import { valueAt } from '#base/json.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Stores } from '#ports/store.ts'

export interface CloudFormationPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly api: Api
  readonly log: Log
  /** Where the platform is reached, such as `http://127.0.0.1:4566`. */
  endpoint(): string
  /** Generated tables by name: `cloudformation` and `sam` of `src/model/resources`. */
  table(name: string): unknown
}

/** Account and region: the beginning of every key. */
export type Owner = readonly [account: AccountId, region: Region]

export interface Waiting {
  arrived(): void
  interrupt(): void
  /** Ends the wait as a failure: the operation is cancelled. */
  cancel(): void
}

export class CloudFormationState {
  readonly ports: CloudFormationPorts
  readonly store: Store
  /** Deployments that run, by stack id; each promise ends when its stack rests. */
  readonly running = new Map<string, Promise<void>>()
  /** The records that they write: a change from outside goes there too. */
  readonly live = new Map<string, StackRecord>()
  /** Handlers that wait for an answer from outside, by what they wait for. */
  readonly waiting = new Map<string, Waiting>()
  /** Stacks as resources of stacks; bound by `createCloudFormation`. */
  nested: NestedStacks | undefined
  /** Set when the platform ends: deployments stop between two steps and go on at the next start. */
  stopping = false
  #tables: ResourceTables | undefined
  #sam: SamTables | undefined

  constructor(ports: CloudFormationPorts) {
    this.ports = ports
    this.store = ports.stores.open('control')
  }

  get tables(): ResourceTables {
    this.#tables ??= readTables(this.ports.table('cloudformation'))
    return this.#tables
  }

  get sam(): SamTables {
    if (this.#sam === undefined) {
      const data = this.ports.table('sam')
      this.#sam = {
        policyTemplates: section(data, 'policyTemplates'),
        managedPolicies: section(data, 'managedPolicies'),
        connectors: section(data, 'connectors'),
      }
    }
    return this.#sam
  }
}

function section(data: unknown, name: string): Dict {
  const found = valueAt(data, name)
  assert(isDict(found), 'the generated SAM tables are whole')
  return found
}

/** `aws`, or the partition of China and the government regions. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
