/** Resources: the tree of paths below an API's root. */
import type { ApiGateway, Method, Resource } from '#model/apigateway.ts'
import type { Operation } from '#ports/service.ts'
import { type StoredResource, filled } from '#services/apigateway/document.ts'
import { pageOfParts } from '#services/apigateway/paging.ts'
import { applyPatches } from '#services/apigateway/patches.ts'
import { addResource, moveResource, removeResource, resourceAt } from '#services/apigateway/resources.ts'
import type { RestState } from '#services/apigateway/state.ts'

type Op<K extends keyof ApiGateway> = Operation<ApiGateway[K], RestState>

/** Methods are shown by name only, unless `embed=methods` asks for them. Source: recorded AWS answers. */
function printed(resource: StoredResource, embed: readonly string[] | undefined): Resource {
  const { methods, ...rest } = resource
  const isWhole = embed?.includes('methods') === true
  const shown = Object.entries(methods).map(([name, method]): [string, Method] => [
    name,
    isWhole ? method : {},
  ])
  return { ...rest, resourceMethods: filled(Object.fromEntries(shown)) }
}

export const createResource: Op<'CreateResource'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) =>
    printed(
      addResource(draft, { id: state.newId(), parentId: input.parentId, pathPart: input.pathPart }),
      undefined,
    ),
  )

export const getResource: Op<'GetResource'> = async (input, state, call) =>
  printed(resourceAt(await state.api(call, input.restApiId), input.resourceId), input.embed)

export const getResources: Op<'GetResources'> = async (input, state, call) => {
  const api = await state.api(call, input.restApiId)
  const page = pageOfParts(Object.values(api.resources), input, (resource) => resource.path)
  return { ...page, items: page.items.map((resource) => printed(resource, input.embed)) }
}

export const updateResource: Op<'UpdateResource'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    const { id } = resourceAt(draft, input.resourceId)
    applyPatches(
      input.patchOperations,
      [
        {
          path: '/parentId',
          ops: ['replace'],
          run: ({ value }) => void moveResource(draft, id, { parentId: value ?? '' }),
        },
        {
          path: '/pathPart',
          ops: ['replace'],
          run: ({ value }) => void moveResource(draft, id, { pathPart: value ?? '' }),
        },
      ],
      'listed',
    )
    return printed(resourceAt(draft, id), undefined)
  })

export const deleteResource: Op<'DeleteResource'> = (input, state, call) =>
  state.change(call, input.restApiId, (draft) => {
    removeResource(draft, input.resourceId)
    return {}
  })
