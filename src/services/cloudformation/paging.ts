/** Pages of lists: the token is the offset of the next item, so that it means the same in every call. */
import { validationError } from '#services/cloudformation/faults.ts'

export interface PageOf<T> {
  readonly items: readonly T[]
  readonly token: string | undefined
}

/** Faults: ValidationError for a token that we did not make. */
export function pageAt<T>(all: readonly T[], token: string | undefined, limit: number): PageOf<T> {
  const from = token === undefined ? 0 : Number(token)
  if (!Number.isInteger(from) || from < 0) throw validationError('NextToken is invalid')
  const next = from + limit
  return { items: all.slice(from, next), token: next < all.length ? String(next) : undefined }
}
