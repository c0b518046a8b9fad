/** Pages by `position` and `limit`, in a fixed order of names. */
import { pageOf } from '#base/result.ts'
import { badRequest } from '#services/apigateway/faults.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#services/apigateway/limits.ts'

export interface PageWish {
  readonly position?: string | undefined
  readonly limit?: number | undefined
}

/** Fault BadRequestException beyond 1 to 500; the text is inferred. */
export function pageSize(wish: PageWish): number {
  const size = wish.limit ?? PAGE_DEFAULT
  if (size < 1 || size > PAGE_MAX)
    throw badRequest(`Invalid limit specified: ${size}. Must be between 1 and ${PAGE_MAX}`)
  return size
}

export function pageOfParts<T>(
  all: readonly T[],
  wish: PageWish,
  nameOf: (item: T) => string,
): { readonly items: readonly T[]; readonly position?: string } {
  const sorted = [...all].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const page = pageOf(sorted, pageSize(wish), wish.position, nameOf)
  return page.next === undefined ? { items: page.items } : { items: page.items, position: page.next }
}
