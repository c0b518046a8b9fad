/** Tags of APIs and stages: `arn:aws:apigateway:{region}::/restapis/{id}` and `.../stages/{name}`. */
import { parseArn } from '#base/arn.ts'
import type { ApiGateway } from '#model/apigateway.ts'
import type { Call, Operation } from '#ports/service.ts'
import { type RestDocument, filled, own } from '#services/apigateway/document.ts'
import { badRequest, noStage } from '#services/apigateway/faults.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>
type Tags = Readonly<Record<string, string | null>>

interface Tagged {
  readonly apiId: string
  readonly stage: string | undefined
}

function tagged(arn: string): Tagged {
  const parts = parseArn(arn)
  const match = /^\/restapis\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(parts?.resource ?? '')
  if (parts?.service !== 'apigateway' || match?.[1] === undefined) {
    throw badRequest(`Invalid resource ARN specified: ${arn}`)
  }
  return { apiId: match[1], stage: match[2] }
}

function tagsOf(api: RestDocument, at: Tagged): Tags {
  if (at.stage === undefined) return api.settings.tags ?? {}
  const stage = own(api.stages, at.stage)
  if (stage === undefined) throw noStage()
  return stage.tags ?? {}
}

async function retag(state: RestState, call: Call, at: Tagged, change: (tags: Tags) => Tags): Promise<void> {
  await state.change(call, at.apiId, (draft) => {
    const tags = filled(change(tagsOf(draft, at)))
    const stage = at.stage === undefined ? undefined : own(draft.stages, at.stage)
    if (stage === undefined) draft.settings = { ...draft.settings, tags }
    else draft.stages[stage.stageName] = { ...stage, tags }
  })
}

export const getTags: Op<'GetTags'> = async (input, state, call) => {
  const at = tagged(input.resourceArn)
  return { tags: tagsOf(await state.api(call, at.apiId), at) }
}

export const tagResource: Op<'TagResource'> = async (input, state, call) => {
  await retag(state, call, tagged(input.resourceArn), (tags) => ({ ...tags, ...input.tags }))
  return {}
}

export const untagResource: Op<'UntagResource'> = async (input, state, call) => {
  const gone = new Set(input.tagKeys)
  await retag(state, call, tagged(input.resourceArn), (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
  )
  return {}
}
