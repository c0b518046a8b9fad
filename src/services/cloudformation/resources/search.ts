/** Looking for what an interrupted creation left behind, page by page. */
import { type Dict, memberOf, sameValue, type Value } from '#engines/templates/value.ts'

interface PageOf<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}

/** The first item of a paged list that fits. */
export async function firstOf<T>(
  page: (after: string | undefined) => Promise<PageOf<T>>,
  fits: (item: T) => boolean,
): Promise<T | undefined> {
  let after: string | undefined
  for (;;) {
    const { items, next } = await page(after)
    const found = items.find(fits)
    if (found !== undefined || next === undefined) return found
    after = next
  }
}

/** True when tags hold all of these marks. */
export const marked = (
  tags: Readonly<Record<string, string | null>> | undefined,
  marks: Readonly<Record<string, string>>,
): boolean => Object.entries(marks).every(([key, value]) => tags?.[key] === value)

/** True when each of these properties that is given is the item's too. */
export const fitsAll = (properties: Dict, names: readonly string[], item: object): boolean => {
  // What the API answers is plain data; the comparison looks at named members only.
  const members = item as Value // oxlint-disable-line typescript/no-unsafe-type-assertion
  return names.every((name) => {
    const value = memberOf(properties, name)
    return value === undefined || sameValue(value, memberOf(members, name))
  })
}

/** Services tell when something was made in whole seconds. */
export const madeSince = (createdAt: number | undefined, since: number): boolean =>
  createdAt !== undefined && createdAt >= Math.floor(since / 1_000) * 1_000
