/** What is kept of repositories: their settings, and no image. */
import { printArn } from '#base/arn.ts'
import { Records } from '#base/records.ts'
import type { Instant } from '#base/time.ts'
import type { ImageTagMutabilityExclusionFilter, Repository } from '#model/ecr.ts'
import type { Call } from '#ports/service.ts'
import type { Clock } from '#ports/clock.ts'
import type { Read, Store, Stores, Tx } from '#ports/store.ts'
import { invalidParameter, repositoryNotFound } from '#services/ecr/faults.ts'

export interface EcrPorts {
  readonly clock: Clock
  readonly stores: Stores
}

export interface EcrState extends EcrPorts {
  readonly store: Store
}

export const createEcr = (ports: EcrPorts): EcrState => ({ ...ports, store: ports.stores.open('control') })

export interface RepositoryRecord {
  readonly name: string
  readonly createdAt: Instant
  readonly mutability: string
  readonly exclusions: readonly ImageTagMutabilityExclusionFilter[] | undefined
  readonly scanOnPush: boolean
  readonly encryption: { readonly encryptionType: string; readonly kmsKey?: string | undefined }
  readonly tags: Readonly<Record<string, string>>
  readonly policy: string | undefined
  readonly lifecyclePolicy: string | undefined
}

/** By name. */
export const repositories = new Records<RepositoryRecord>('ecr-repository')

export const ownerOf = ({ account, region }: Call): readonly [string, string] => [account, region]

export const arnOf = ({ account, region }: Call, name: string): string =>
  printArn({
    partition: region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws',
    service: 'ecr',
    region,
    account,
    resource: `repository/${name}`,
  })

interface Aimed {
  readonly registryId?: string | undefined
  readonly repositoryName: string
}

/** Faults RepositoryNotFound, also for another account's registry. */
export async function repositoryOf(read: Read, call: Call, input: Aimed): Promise<RepositoryRecord> {
  const { registryId: registry = call.account, repositoryName: name } = input
  const found = registry === call.account ? await repositories.get(read, ownerOf(call), name) : undefined
  if (found === undefined) throw repositoryNotFound(name, registry)
  return found
}

/** One repository changed in a transaction of its own. */
export function changeRepository(
  state: EcrState,
  call: Call,
  input: Aimed,
  change: (record: RepositoryRecord, tx: Tx) => RepositoryRecord,
): Promise<RepositoryRecord> {
  return state.store.tx(async (tx) => {
    const changed = change(await repositoryOf(tx, call, input), tx)
    repositories.put(tx, ownerOf(call), [changed.name], changed)
    return changed
  })
}

/** The name in a repository's ARN of this account and region. Fault InvalidParameter. */
export function nameInArn(arn: string, call: Call): string {
  const before = arnOf(call, '')
  if (!arn.startsWith(before) || arn === before)
    throw invalidParameter(`Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'`)
  return arn.slice(before.length)
}

export const shown = (call: Call, record: RepositoryRecord): Repository => ({
  repositoryArn: arnOf(call, record.name),
  registryId: call.account,
  repositoryName: record.name,
  repositoryUri: `${call.account}.dkr.ecr.${call.region}.amazonaws.com/${record.name}`,
  createdAt: record.createdAt,
  imageTagMutability: record.mutability,
  ...(record.exclusions === undefined ? {} : { imageTagMutabilityExclusionFilters: record.exclusions }),
  imageScanningConfiguration: { scanOnPush: record.scanOnPush },
  encryptionConfiguration: record.encryption,
})
