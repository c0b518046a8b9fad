/**
 * VPC links as they are described. Nothing here has a network of its own, so an integration through one is refused;
 * templates that only name them deploy.
 */
import type { ApiGatewayV2 } from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { StoredVpcLink } from '#services/apigatewayv2/document.ts'
import { badRequest, noPart } from '#services/apigatewayv2/faults.ts'
import { VPC_LINKS_MAX } from '#services/apigatewayv2/limits.ts'
import { listed } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const ownerOf = ({ account, region }: Call): Pick<Call, 'account' | 'region'> => ({ account, region })

async function linkAt(state: HttpState, call: Call, id: string): Promise<StoredVpcLink> {
  const link = await state.vpcLinks.get(ownerOf(call), id)
  if (link === undefined) throw noPart('VpcLink', id)
  return link
}

export const createVpcLink: Op<'CreateVpcLink'> = async (input, state, call) => {
  const some = await state.vpcLinks.list(ownerOf(call), { limit: VPC_LINKS_MAX })
  if (some.length >= VPC_LINKS_MAX) throw badRequest(`An account has at most ${VPC_LINKS_MAX} VPC links`)
  const id = state.newId(6)
  const settings = {
    CreatedDate: state.ports.clock.now(),
    Name: input.Name,
    SecurityGroupIds: input.SecurityGroupIds ?? [],
    SubnetIds: input.SubnetIds,
    Tags: input.Tags ?? {},
    VpcLinkId: id,
    VpcLinkStatus: 'AVAILABLE',
    VpcLinkStatusMessage: 'VPC link is ready to route traffic',
    VpcLinkVersion: 'V2',
  } as const
  await state.vpcLinks.create(ownerOf(call), { id, settings })
  return settings
}

export const getVpcLink: Op<'GetVpcLink'> = async (input, state, call) =>
  (await linkAt(state, call, input.VpcLinkId)).settings

export const getVpcLinks: Op<'GetVpcLinks'> = async (input, state, call) => {
  const { items, next } = await listed(state.vpcLinks, ownerOf(call), input)
  const Items = items.map(({ settings }) => settings)
  return next === undefined ? { Items } : { Items, NextToken: next }
}

export const updateVpcLink: Op<'UpdateVpcLink'> = (input, state, call) =>
  changeLink(state, call, input.VpcLinkId, (draft) => {
    draft.settings = { ...draft.settings, Name: input.Name ?? draft.settings.Name }
    return draft.settings
  })

export const deleteVpcLink: Op<'DeleteVpcLink'> = async (input, state, call) => {
  await state.vpcLinks.delete(ownerOf(call), input.VpcLinkId, () => noPart('VpcLink', input.VpcLinkId))
  return {}
}

export function changeLink<R>(
  state: HttpState,
  call: Call,
  id: string,
  run: (draft: StoredVpcLink) => R,
): Promise<R> {
  return state.vpcLinks.change(ownerOf(call), id, () => noPart('VpcLink', id), run)
}
