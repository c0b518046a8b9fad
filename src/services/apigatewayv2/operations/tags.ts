/** Tags of APIs and stages: `arn:aws:apigateway:{region}::/apis/{id}` and `.../stages/{name}`. */
import { parseArn } from '#base/arn.ts'
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import { type HttpApi, own } from '#services/apigatewayv2/document.ts'
import { badRequest, noStage } from '#services/apigatewayv2/faults.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>
type Tags = Readonly<Record<string, string>>

interface Tagged {
  readonly apiId: string
  readonly stage: string | undefined
}

function tagged(arn: string): Tagged {
  const parts = parseArn(arn)
  const match = /^\/apis\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(parts?.resource ?? '')
  if (parts?.service !== 'apigateway' || match?.[1] === undefined) {
    throw badRequest(`Invalid resource ARN specified: ${arn}`)
  }
  return { apiId: match[1], stage: match[2] }
}

function tagsOf(api: HttpApi, at: Tagged): Tags {
  if (at.stage === undefined) return api.settings.Tags ?? {}
  const stage = own(api.stages, at.stage)
  if (stage === undefined) throw noStage()
  return stage.Tags ?? {}
}

async function retag(state: HttpState, call: Call, at: Tagged, change: (tags: Tags) => Tags): Promise<void> {
  await state.change(call, at.apiId, (draft) => {
    const Tags = change(tagsOf(draft, at))
    const stage = at.stage === undefined ? undefined : own(draft.stages, at.stage)
    if (stage === undefined) draft.settings = { ...draft.settings, Tags }
    else draft.stages[stage.StageName] = { ...stage, Tags }
  })
}

export const getTags: Op<'GetTags'> = async (input, state, call) => {
  const at = tagged(input.ResourceArn)
  return { Tags: tagsOf(await state.api(call, at.apiId), at) }
}

export const tagResource: Op<'TagResource'> = async (input, state, call) => {
  await retag(state, call, tagged(input.ResourceArn), (tags) => ({ ...tags, ...input.Tags }))
  return {}
}

export const untagResource: Op<'UntagResource'> = async (input, state, call) => {
  const gone = new Set(input.TagKeys)
  await retag(state, call, tagged(input.ResourceArn), (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
  )
  return {}
}
