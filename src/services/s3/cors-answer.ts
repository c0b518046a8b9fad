/** The question of a page from another origin, answered by its bucket: what the platform's request path asks for OPTIONS and adds to other answers. */
import type { HttpRequest } from '#ports/http.ts'
import { answerOfRules, corsAskOf, type CorsAnswer } from '#services/s3/cors.ts'
import { buckets, GLOBAL } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'

/**
 * `none` for a request without an Origin; a preflight of a bucket that is not there is refused like one without rules.
 * Fault BadRequest for a preflight without its headers. Source: S3 user guide, Using cross-origin resource sharing.
 */
export async function corsAnswer(
  state: S3State,
  bucket: string,
  request: Pick<HttpRequest, 'method' | 'headers'>,
): Promise<CorsAnswer> {
  const ask = corsAskOf(request.method, request.headers)
  if (ask === undefined) return { kind: 'none' }
  const found = await buckets.get(state.store.read, GLOBAL, bucket)
  return answerOfRules(found?.cors, ask)
}
