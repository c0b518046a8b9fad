/** Tags of event source mappings, by their ARN. */
import { parseArn } from '#base/arn.ts'
import { noSuchMapping } from '#services/lambda/event-sources/faults.ts'
import { tooManyTags } from '#services/lambda/faults.ts'
import { TAGS } from '#services/lambda/limits.ts'
import type { Owner } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'

const PREFIX = 'event-source-mapping:'

export type Tags = Readonly<Record<string, string>>

/** The mapping that the ARN names; undefined when it names something else. Fault: of another account, region or service. */
export function mappingOfArn(arn: string, owner: Owner): string | undefined {
  const parts = parseArn(arn)
  if (parts === undefined || !parts.resource.startsWith(PREFIX)) return undefined
  const isOwn = parts.service === 'lambda' && parts.region === owner.region && parts.account === owner.account
  if (!isOwn) throw noSuchMapping()
  return parts.resource.slice(PREFIX.length)
}

export async function mappingTags(state: LambdaState, owner: Owner, id: string): Promise<Tags> {
  return (await state.eventSources.get(owner, id)).record.tags
}

/** Faults: no such mapping, too many tags. */
export async function changeMappingTags(
  state: LambdaState,
  owner: Owner,
  id: string,
  edit: (tags: Tags) => Tags,
): Promise<void> {
  await state.eventSources.amend(owner, id, (record) => {
    const tags = edit(record.tags)
    if (Object.keys(tags).length > TAGS) throw tooManyTags()
    return { ...record, tags }
  })
}
