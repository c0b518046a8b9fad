/** What all entities share: lists, pages, paths, tags, who is meant when nobody is named. */
import type { AccountId } from '#base/ids.ts'
import { brand } from '#base/brand.ts'
import type { Records } from '#base/records.ts'
import { pageOf } from '#base/result.ts'
import type { Instant } from '#base/time.ts'
import type { Read } from '#ports/store.ts'
import { invalidInput, quotaExceeded, validationError } from '#services/iam/faults.ts'
import { PAGE_DEFAULT, PAGE_MAX, TAGS_MAX } from '#services/iam/limits.ts'
import { ownerOf, type Tag } from '#services/iam/records.ts'

/** IAM stamps whole seconds. */
export const wholeSeconds = (at: Instant): Instant => brand<Instant>(Math.floor(at / 1_000) * 1_000)

/** All entities of a kind in an account: at most its quota. */
export const allOf = <T>(read: Read, records: Records<T>, account: AccountId, quota: number): Promise<T[]> =>
  records.list(read, ownerOf(account), [], { limit: quota })

export interface PageInput {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export interface IamPage<T> {
  readonly items: readonly T[]
  readonly IsTruncated: boolean
  readonly Marker: string | undefined
}

/** A page of a list that is sorted by its names. Fault ValidationError for a marker that no page gave. */
export function pageFor<T>(all: readonly T[], input: PageInput, nameOf: (item: T) => string): IamPage<T> {
  const limit = Math.min(input.MaxItems ?? PAGE_DEFAULT, PAGE_MAX)
  const sorted = all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const page = pageOf(
    sorted,
    limit,
    input.Marker === undefined ? undefined : nameOfMarker(input.Marker),
    nameOf,
  )
  return {
    items: page.items,
    IsTruncated: page.next !== undefined,
    Marker: page.next === undefined ? undefined : markerOf(page.next),
  }
}

const markerOf = (name: string): string => btoa(encodeURIComponent(name))

function nameOfMarker(marker: string): string {
  try {
    const name = decodeURIComponent(atob(marker))
    if (markerOf(name) === marker) return name
  } catch {
    throw validationError('Invalid Marker.')
  }
  throw validationError('Invalid Marker.')
}

/** `/` or `/a/b/`. Fault ValidationError for another. Source: IAM API, CreateRole, Path. */
export function pathOf(path: string | undefined): string {
  if (path === undefined) return '/'
  if (!/^(\/|\/[!-~]+\/)$/.test(path))
    throw validationError(
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    )
  return path
}

/** The tags after some were set; keys differ by more than case. Faults InvalidInput, LimitExceeded. Source: IAM user guide, Tagging IAM resources. */
export function withTags(old: readonly Tag[], set: readonly Tag[], quota: string): Tag[] {
  const added = new Map<string, Tag>()
  for (const { Key, Value } of set) {
    const key = Key.toLowerCase()
    if (added.has(key))
      throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    if (key.startsWith('aws:')) throw invalidInput('System tags cannot be added/updated by requester')
    added.set(key, { Key, Value })
  }
  const kept = old.filter((tag) => !added.has(tag.Key.toLowerCase()))
  const all = [...kept, ...added.values()]
  if (all.length > TAGS_MAX) throw quotaExceeded(quota, TAGS_MAX)
  return all
}

export function withoutTags(old: readonly Tag[], keys: readonly string[]): Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return old.filter((tag) => !gone.has(tag.Key.toLowerCase()))
}

/** The ARN of a boundary; undefined stays so. Fault ValidationError for what names no policy. Source: recorded AWS answer. */
export function boundaryArn(arn: string | undefined): string | undefined {
  if (arn === undefined) return undefined
  if (!/^arn:[\w-]+:iam::(\d{12}|aws):policy\/.+$/.test(arn))
    throw validationError(`Value (${arn}) for parameter PermissionsBoundary is invalid.`)
  return arn
}
