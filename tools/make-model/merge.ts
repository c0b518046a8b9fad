/**
 * Puts both sources together: botocore's table is the base, the SDK's schemas fill what it has dropped, the patch
 * file what neither carries. Also counts where the two disagree: see `checks.ts`.
 */
import type { Member, ServiceTable, Shape } from '#wire/table.ts'
import type { SdkMember, SdkModel, SdkShape, Traits } from './from-sdk.ts'

export interface Patch {
  readonly service: string
  /** Path in the table; the last part is set, or removed when there is no `set`. `*` stands for each name. */
  readonly at: readonly string[]
  readonly set?: unknown
  readonly why: string
}

const textTrait = (traits: Traits, name: string): string | undefined =>
  typeof traits[name] === 'string' ? traits[name] : undefined

function mergeMember(name: string | undefined, base: Member, sdk: SdkMember | undefined): Member {
  if (sdk === undefined || base.at !== undefined) {
    const root = sdk === undefined ? undefined : textTrait(sdk.traits, 'xmlName')
    return base.at === 'payload' && root !== undefined ? { ...base, xml: root } : base
  }
  const xml = textTrait(sdk.traits, 'xmlName')
  return {
    ...base,
    ...(xml === undefined || xml === name ? {} : { xml }),
    ...(sdk.traits['xmlFlattened'] === undefined ? {} : { flat: 1 }),
    ...(sdk.traits['xmlAttribute'] === undefined ? {} : { attr: 1 }),
  }
}

function mergeError(base: NonNullable<Shape['err']>, traits: Traits): NonNullable<Shape['err']> {
  const query = traits['awsQueryError']
  const status = traits['httpError']
  const code: unknown = Array.isArray(query) ? query[0] : undefined
  const http: unknown = base.http ?? status ?? (Array.isArray(query) ? query[1] : undefined)
  return {
    ...(typeof code === 'string' ? { code } : base.code === undefined ? {} : { code: base.code }),
    ...(typeof http === 'number' ? { http } : {}),
    fault: traits['error'] === 'server' ? 'server' : (base.fault ?? 'client'),
  }
}

function mergeShape(base: Shape, sdk: SdkShape): Shape {
  const xml = textTrait(sdk.traits, 'xmlName')
  return {
    ...base,
    ...(base.t === 'structure' && sdk.kind === 'union' ? { t: 'union' } : {}),
    ...(base.m === undefined
      ? {}
      : {
          m: Object.fromEntries(
            Object.entries(base.m).map(([name, member]) => [
              name,
              mergeMember(name, member, sdk.members[name]),
            ]),
          ),
        }),
    ...(base.e === undefined ? {} : { e: mergeMember(undefined, base.e, sdk.members['member']) }),
    ...(base.k === undefined ? {} : { k: mergeMember(undefined, base.k, sdk.members['key']) }),
    ...(base.v === undefined ? {} : { v: mergeMember(undefined, base.v, sdk.members['value']) }),
    ...(xml === undefined ? {} : { xml }),
    ...(base.err === undefined ? {} : { err: mergeError(base.err, sdk.traits) }),
  }
}

/** One table from both; unreachable shapes are left out. */
export function merge(base: ServiceTable, sdk: SdkModel): ServiceTable {
  const shapes = Object.fromEntries(
    Object.entries(base.shapes).map(([name, shape]) => {
      const other = sdk.shapes.get(name)
      return [name, other === undefined ? shape : mergeShape(shape, other)]
    }),
  )
  const xmlns = base.xmlns ?? (base.protocols.includes('restXml') ? sdk.xmlns : undefined)
  const isQueryToo = base.queryCompatible === 1 && !base.protocols.includes('awsQuery')
  return {
    ...base,
    namespace: sdk.namespace,
    ...(xmlns === undefined ? {} : { xmlns }),
    protocols: isQueryToo ? [...base.protocols, 'awsQuery'] : base.protocols,
    shapes,
  }
}

/** Leaves out the shapes that no operation and no error refers to. */
export function reachable(table: ServiceTable): ServiceTable {
  const seen = new Set<string>()
  const visit = (name: string | undefined): void => {
    const shape = name === undefined ? undefined : table.shapes[name]
    if (name === undefined || shape === undefined || seen.has(name)) return
    seen.add(name)
    for (const member of Object.values(shape.m ?? {})) visit(member.s)
    for (const member of [shape.e, shape.k, shape.v]) visit(member?.s)
  }
  for (const operation of Object.values(table.operations)) {
    for (const name of [operation.in, operation.out, ...(operation.errs ?? [])]) visit(name)
  }
  for (const [name, shape] of Object.entries(table.shapes)) if (shape.err !== undefined) visit(name)
  return {
    ...table,
    shapes: Object.fromEntries(Object.entries(table.shapes).filter(([name]) => seen.has(name))),
  }
}

/** Applies the patches of one service to its table. A path that leads nowhere is an error: the model has moved on. */
export function applyPatches(table: ServiceTable, patches: readonly Patch[]): ServiceTable {
  const copy: Record<string, unknown> = structuredClone({ ...table })
  for (const patch of patches) if (patch.service === table.service) setAt(copy, patch.at, patch)
  return copy as unknown as ServiceTable
}

function setAt(node: Record<string, unknown>, path: readonly string[], patch: Patch): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    if ('set' in patch) node[name] = patch.set
    else if (name in node) delete node[name]
    else throw new Error(`patch ${patch.service} ${patch.at.join('.')}: nothing to remove`)
    return
  }
  const below = node[name]
  if (typeof below !== 'object' || below === null)
    throw new Error(`patch ${patch.service} ${patch.at.join('.')}: ${name} is not there`)
  setAt(below as Record<string, unknown>, rest, patch)
}
