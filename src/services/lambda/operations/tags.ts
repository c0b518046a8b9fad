/** Tags of functions, event source mappings and code signing configurations. */
import { parseArn } from '#base/arn.ts'
import type { Lambda } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import { codeSigningId, findCodeSigning } from '#services/lambda/code-signing.ts'
import {
  codeSigningGone,
  noTags,
  optionNotWritten,
  tagsOnFunctionsOnly,
  tooManyTags,
} from '#services/lambda/faults.ts'
import { TAGS } from '#services/lambda/limits.ts'
import { type Owner, referenceTo } from '#services/lambda/names.ts'
import { editCodeSigning } from '#services/lambda/operations/code-signing.ts'
import {
  changeMappingTags,
  mappingOfArn,
  mappingTags,
} from '#services/lambda/operations/event-source-mapping-tags.ts'
import type { LambdaState } from '#services/lambda/state.ts'

function taggedFunction(arn: string, owner: Owner): string {
  const resource = parseArn(arn)?.resource ?? ''
  if (!resource.startsWith('function:')) throw optionNotWritten(`Tagging of ${arn}`)
  const { name, qualifier } = referenceTo(arn, undefined, owner)
  if (qualifier !== undefined) throw tagsOnFunctionsOnly()
  return name
}

type Tags = Readonly<Record<string, string>>

/** Changes the tags of whatever the ARN names. Faults: it is not there, cannot be tagged, or has too many then. */
async function change(
  state: LambdaState,
  call: Call,
  resource: string,
  edit: (tags: Tags) => Tags,
): Promise<void> {
  const checked = (tags: Tags): Tags => {
    const next = edit(tags)
    if (Object.keys(next).length > TAGS) throw tooManyTags()
    return next
  }
  const mapping = mappingOfArn(resource, call)
  if (mapping !== undefined) await changeMappingTags(state, call, mapping, checked)
  else if (codeSigningId(resource, call) !== undefined)
    await editCodeSigning(state, call, resource, (record) => ({ ...record, tags: checked(record.tags) }))
  else
    await state.change(call, taggedFunction(resource, call), (record) => ({
      ...record,
      tags: checked(record.tags),
      ...state.marks(),
      lastModifiedAt: record.lastModifiedAt,
    }))
}

/** Source: Lambda API, TagResource; recorded AWS answers. */
export const tagResource: Operation<Lambda['TagResource'], LambdaState> = async (input, state, call) => {
  if (Object.keys(input.Tags).length === 0) throw noTags()
  await change(state, call, input.Resource, (tags) => ({ ...tags, ...input.Tags }))
  return {}
}

/** Source: Lambda API, UntagResource: keys that are not there do no harm. */
export const untagResource: Operation<Lambda['UntagResource'], LambdaState> = async (input, state, call) => {
  await change(state, call, input.Resource, (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys.includes(key))),
  )
  return {}
}

/** Source: Lambda API, ListTags. */
export const listTags: Operation<Lambda['ListTags'], LambdaState> = async (input, state, call) => {
  const arn = input.Resource
  const mapping = mappingOfArn(arn, call)
  if (mapping !== undefined) return { Tags: await mappingTags(state, call, mapping) }
  if (codeSigningId(arn, call) !== undefined) {
    const found = await findCodeSigning(state.control.read, call, arn)
    if (found === undefined) throw codeSigningGone(arn)
    return { Tags: found.tags }
  }
  const { record } = await state.get(call, taggedFunction(arn, call))
  return { Tags: record.tags }
}
