/** The tree of resources: adding, moving, renaming and removing, with AWS's refusals. Pure changes of a document. */
import { segmentsOf, variableName } from '#engines/proxy-events/routes.ts'
import { type RestDocument, type StoredResource, own } from '#services/apigateway/document.ts'
import { badRequest, conflict, limitExceeded, noResource } from '#services/apigateway/faults.ts'
import { RESOURCES_MAX } from '#services/apigateway/limits.ts'

/** The resource, or Fault NotFoundException. */
export function resourceAt(api: RestDocument, id: string): StoredResource {
  const resource = own(api.resources, id)
  if (resource === undefined) throw noResource()
  return resource
}

/** Below that parent, in a new document's words; Faults for names that are taken or not allowed. */
export function addResource(
  api: RestDocument,
  wish: { readonly id: string; readonly parentId: string; readonly pathPart: string },
): StoredResource {
  const parent = resourceAt(api, wish.parentId)
  checkPathPart(wish.pathPart)
  if (variableName(parent.pathPart ?? '')?.greedy === true) {
    throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`)
  }
  checkSiblings(api, wish)
  if (Object.keys(api.resources).length >= RESOURCES_MAX) {
    throw limitExceeded(
      'Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.',
    )
  }
  const path = joined(parent.path, wish.pathPart)
  return (api.resources[wish.id] = { ...wish, path, methods: {} })
}

const joined = (parent: string, part: string): string => (parent === '/' ? `/${part}` : `${parent}/${part}`)

/** Source of the text: AWS answers as quoted in public issue reports; inferred as the current one. */
function checkPathPart(part: string): void {
  const variable = variableName(part)
  const inner = variable === undefined ? part : variable.name
  if (/^[a-zA-Z0-9._\-:]+$/.test(inner)) return
  throw badRequest(
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
  )
}

interface Sibling {
  readonly id: string
  readonly parentId: string
  readonly pathPart: string
}

function checkSiblings(api: RestDocument, wish: Sibling): void {
  for (const other of Object.values(api.resources)) {
    if (other.parentId !== wish.parentId || other.id === wish.id || other.pathPart === undefined) continue
    if (other.pathPart === wish.pathPart) {
      throw conflict(`Another resource with the same parent already has this name: ${wish.pathPart}`)
    }
    if (variableName(other.pathPart) !== undefined && variableName(wish.pathPart) !== undefined) {
      throw badRequest(
        `A sibling (${other.pathPart}) of this resource already has a variable path part -- only one is allowed`,
      )
    }
  }
}

/** Gives a resource another parent or name; the paths below it follow. */
export function moveResource(
  api: RestDocument,
  id: string,
  to: { readonly parentId?: string | undefined; readonly pathPart?: string | undefined },
): StoredResource {
  const resource = resourceAt(api, id)
  if (resource.parentId === undefined || resource.pathPart === undefined) {
    throw badRequest(
      `Root resource cannot update its ${to.parentId === undefined ? 'pathPart' : 'parentId'}.`,
    )
  }
  const parentId = to.parentId ?? resource.parentId
  const pathPart = to.pathPart ?? resource.pathPart
  const parent = resourceAt(api, parentId)
  if (isBelow(api, parent, id)) throw badRequest('Resources cannot be cyclical.')
  checkPathPart(pathPart)
  checkSiblings(api, { id, parentId, pathPart })
  const moved = (api.resources[id] = { ...resource, parentId, pathPart })
  repath(api, id, joined(parent.path, pathPart))
  return { ...moved, path: joined(parent.path, pathPart) }
}

function isBelow(api: RestDocument, resource: StoredResource, id: string): boolean {
  let at: StoredResource | undefined = resource
  while (at !== undefined) {
    if (at.id === id) return true
    at = at.parentId === undefined ? undefined : api.resources[at.parentId]
  }
  return false
}

function repath(api: RestDocument, id: string, path: string): void {
  api.resources[id] = { ...resourceAt(api, id), path }
  for (const child of Object.values(api.resources)) {
    if (child.parentId === id && child.pathPart !== undefined)
      repath(api, child.id, joined(path, child.pathPart))
  }
}

/** Removes a resource and all below it. The text for the root is inferred. */
export function removeResource(api: RestDocument, id: string): void {
  if (resourceAt(api, id).parentId === undefined) throw badRequest('Root resource cannot be deleted.')
  removeTree(api, id)
}

function removeTree(api: RestDocument, id: string): void {
  delete api.resources[id]
  for (const child of Object.values(api.resources)) if (child.parentId === id) removeTree(api, child.id)
}

/** The resource with that path, made with all that leads to it. */
export function resourceForPath(api: RestDocument, path: string, newId: () => string): StoredResource {
  let at = resourceAt(api, api.settings.rootResourceId)
  for (const part of segmentsOf(path)) {
    if (part === '') continue
    const next = Object.values(api.resources).find((one) => one.parentId === at.id && one.pathPart === part)
    at = next ?? addResource(api, { id: newId(), parentId: at.id, pathPart: part })
  }
  return at
}
