/** Repositories: made, described, changed, deleted. */
import type { Ecr } from '#model/ecr.ts'
import { pageOf } from '#base/result.ts'
import type { Operation } from '#ports/service.ts'
import { alreadyExists, tooManyTags } from '#services/ecr/faults.ts'
import { PAGE_DEFAULT, REPOSITORIES_MAX, TAGS_MAX } from '#services/ecr/limits.ts'
import {
  changeRepository,
  type EcrState,
  ownerOf,
  repositories,
  type RepositoryRecord,
  repositoryOf,
  shown,
} from '#services/ecr/repositories.ts'

/** Source: ECR API, CreateRepository. */
export const createRepository: Operation<Ecr['CreateRepository'], EcrState> = async (input, state, call) => {
  const name = input.repositoryName
  const tags = Object.fromEntries((input.tags ?? []).map(({ Key, Value }) => [Key, Value]))
  if (Object.keys(tags).length > TAGS_MAX) throw tooManyTags()
  const record: RepositoryRecord = {
    name,
    createdAt: state.clock.now(),
    mutability: input.imageTagMutability ?? 'MUTABLE',
    exclusions: input.imageTagMutabilityExclusionFilters,
    scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
    encryption: input.encryptionConfiguration ?? { encryptionType: 'AES256' },
    tags,
    policy: undefined,
    lifecyclePolicy: undefined,
  }
  await state.store.tx(async (tx) => {
    if ((await repositories.get(tx, ownerOf(call), name)) !== undefined)
      throw alreadyExists(name, call.account)
    repositories.put(tx, ownerOf(call), [name], record)
  })
  return { repository: shown(call, record) }
}

/** Source: ECR API, DescribeRepositories. */
export const describeRepositories: Operation<Ecr['DescribeRepositories'], EcrState> = async (
  input,
  state,
  call,
) => {
  const registry = input.registryId ?? call.account
  const names = input.repositoryNames ?? []
  if (names.length > 0) {
    const found = await Promise.all(
      names.map((name) =>
        repositoryOf(state.store.read, call, { registryId: registry, repositoryName: name }),
      ),
    )
    return { repositories: found.map((record) => shown(call, record)) }
  }
  if (registry !== call.account) return { repositories: [] }
  const all = await repositories.list(state.store.read, ownerOf(call), [], { limit: REPOSITORIES_MAX })
  const page = pageOf(all, input.maxResults ?? PAGE_DEFAULT, input.nextToken, ({ name }) => name)
  return { repositories: page.items.map((record) => shown(call, record)), nextToken: page.next }
}

/** There are no images here that could stand in the way. Source: ECR API, DeleteRepository. */
export const deleteRepository: Operation<Ecr['DeleteRepository'], EcrState> = (input, state, call) =>
  state.store.tx(async (tx) => {
    const record = await repositoryOf(tx, call, input)
    repositories.delete(tx, ownerOf(call), record.name)
    return { repository: shown(call, record) }
  })

export const putImageTagMutability: Operation<Ecr['PutImageTagMutability'], EcrState> = async (
  input,
  state,
  call,
) => {
  const record = await changeRepository(state, call, input, (before) => ({
    ...before,
    mutability: input.imageTagMutability,
    exclusions: input.imageTagMutabilityExclusionFilters,
  }))
  return {
    registryId: call.account,
    repositoryName: record.name,
    imageTagMutability: record.mutability,
    ...(record.exclusions === undefined ? {} : { imageTagMutabilityExclusionFilters: record.exclusions }),
  }
}

/** Kept and shown; there is nothing to scan. */
export const putImageScanningConfiguration: Operation<
  Ecr['PutImageScanningConfiguration'],
  EcrState
> = async (input, state, call) => {
  const record = await changeRepository(state, call, input, (before) => ({
    ...before,
    scanOnPush: input.imageScanningConfiguration.scanOnPush ?? false,
  }))
  return {
    registryId: call.account,
    repositoryName: record.name,
    imageScanningConfiguration: { scanOnPush: record.scanOnPush },
  }
}
