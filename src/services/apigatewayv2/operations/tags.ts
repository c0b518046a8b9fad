/**
 * Tags of APIs, stages, custom domains and VPC links: `arn:aws:apigateway:{region}::/apis/{id}`, `.../stages/{name}`,
 * `/domainnames/{name}`, `/vpclinks/{id}`.
 */
import { parseArn } from '#base/arn.ts'
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import { type HttpApi, own } from '#services/apigatewayv2/document.ts'
import { badRequest, noStage } from '#services/apigatewayv2/faults.ts'
import { TAGS_MAX } from '#services/apigatewayv2/limits.ts'
import { changeDomain, domainAt } from '#services/apigatewayv2/operations/domains.ts'
import { changeLink, getVpcLink } from '#services/apigatewayv2/operations/vpc-links.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>
type Tags = Readonly<Record<string, string>>

type Tagged =
  | { readonly kind: 'api'; readonly id: string; readonly stage: string | undefined }
  | { readonly kind: 'domain' | 'vpc-link'; readonly id: string }

function tagged(arn: string): Tagged {
  const parts = parseArn(arn)
  const path = parts?.service === 'apigateway' ? parts.resource : ''
  const [, apiId, stage] = /^\/apis\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(path) ?? []
  if (apiId !== undefined) return { kind: 'api', id: apiId, stage }
  const [, kind, id] = /^\/(domainnames|vpclinks)\/([^/]+)$/.exec(path) ?? []
  if (id === undefined) throw badRequest(`Invalid resource ARN specified: ${arn}`)
  return { kind: kind === 'vpclinks' ? 'vpc-link' : 'domain', id }
}

function tagsOf(api: HttpApi, name: string | undefined): Tags {
  if (name === undefined) return api.settings.Tags ?? {}
  const stage = own(api.stages, name)
  if (stage === undefined) throw noStage()
  return stage.Tags ?? {}
}

async function retag(state: HttpState, call: Call, at: Tagged, change: (tags: Tags) => Tags): Promise<void> {
  const checked = (tags: Tags | undefined): Tags => {
    const changed = change(tags ?? {})
    if (Object.keys(changed).length > TAGS_MAX) throw badRequest(`A resource has at most ${TAGS_MAX} tags`)
    return changed
  }
  switch (at.kind) {
    case 'api':
      return await state.change(call, at.id, (draft) => {
        const Tags = checked(tagsOf(draft, at.stage))
        const stage = at.stage === undefined ? undefined : own(draft.stages, at.stage)
        if (stage === undefined) draft.settings = { ...draft.settings, Tags }
        else draft.stages[stage.StageName] = { ...stage, Tags }
      })
    case 'domain':
      return await changeDomain(state, call, at.id, (draft) => {
        draft.settings = { ...draft.settings, Tags: checked(draft.settings.Tags) }
      })
    case 'vpc-link':
      return await changeLink(state, call, at.id, (draft) => {
        draft.settings = { ...draft.settings, Tags: checked(draft.settings.Tags) }
      })
    default:
      return at satisfies never
  }
}

export const getTags: Op<'GetTags'> = async (input, state, call) => {
  const at = tagged(input.ResourceArn)
  if (at.kind === 'api') return { Tags: tagsOf(await state.api(call, at.id), at.stage) }
  if (at.kind === 'domain') return { Tags: (await domainAt(state, call, at.id)).settings.Tags ?? {} }
  return { Tags: (await getVpcLink({ VpcLinkId: at.id }, state, call)).Tags ?? {} }
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
