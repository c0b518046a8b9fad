/** Pages of an API's parts, in the order of their ids. The token is the id of the last part, which AWS leaves opaque. */
import { pageOf } from '#base/result.ts'
import { PAGE_MAX } from '#services/apigatewayv2/limits.ts'
import { badRequest } from '#services/apigatewayv2/faults.ts'

export interface PageWish {
  readonly MaxResults?: string | undefined
  readonly NextToken?: string | undefined
}

/** How many items a page holds. Fault BadRequestException for what is no positive number. */
export function pageSize(wish: PageWish): number {
  if (wish.MaxResults === undefined) return PAGE_MAX
  const size = Number(wish.MaxResults)
  if (!Number.isInteger(size) || size < 1) throw badRequest(`Invalid MaxResults: ${wish.MaxResults}`)
  return Math.min(size, PAGE_MAX)
}

export function pageOfParts<T>(
  parts: Readonly<Record<string, T>>,
  wish: PageWish,
): { readonly Items: readonly T[]; readonly NextToken?: string } {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))
  const page = pageOf(sorted, pageSize(wish), wish.NextToken, ([id]) => id)
  const Items = page.items.map(([, part]) => part)
  return page.next === undefined ? { Items } : { Items, NextToken: page.next }
}

interface Listable<O, D> {
  list(
    owner: O,
    listing: { readonly limit: number; readonly after?: readonly string[] | undefined },
  ): Promise<D[]>
}

/** One page of documents of an account and region, in the order of their ids. */
export async function listed<O, D extends { readonly id: string }>(
  catalog: Listable<O, D>,
  owner: O,
  wish: PageWish,
): Promise<{ readonly items: readonly D[]; readonly next: string | undefined }> {
  const limit = pageSize(wish)
  const after = wish.NextToken === undefined ? undefined : [wish.NextToken]
  const found = await catalog.list(owner, { limit: limit + 1, after })
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
}
