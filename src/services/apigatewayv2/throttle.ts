/**
 * Token buckets of a stage's routes. The arithmetic is pure; the buckets live in memory and start full, as a gateway
 * that was idle. Source: API Gateway developer guide, Throttle your HTTP APIs.
 */
import type { Instant } from '#base/time.ts'
import type { RouteSettings } from '#model/apigatewayv2.ts'
import { ACCOUNT_BURST, ACCOUNT_RATE, BUCKETS_MAX } from '#services/apigatewayv2/limits.ts'

export interface RateLimit {
  /** Requests that come back in a second. */
  readonly ratePerS: number
  /** Requests that fit into the bucket. */
  readonly burst: number
}

export interface Bucket {
  tokens: number
  at: Instant
}

/** The limit of a route, its own settings before the stage's; undefined when neither throttles. */
export function limitOf(
  own: RouteSettings | undefined,
  common: RouteSettings | undefined,
): RateLimit | undefined {
  const rate = own?.ThrottlingRateLimit ?? common?.ThrottlingRateLimit
  const burst = own?.ThrottlingBurstLimit ?? common?.ThrottlingBurstLimit
  if (rate === undefined && burst === undefined) return undefined
  return { ratePerS: rate ?? ACCOUNT_RATE, burst: burst ?? ACCOUNT_BURST }
}

/** Takes a token when there is one. A clock that goes back fills nothing. */
export function take(bucket: Bucket, limit: RateLimit, now: Instant): boolean {
  const back = (Math.max(0, now - bucket.at) / 1_000) * limit.ratePerS
  bucket.tokens = Math.min(limit.burst, bucket.tokens + back)
  bucket.at = now
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}

export class Throttles {
  readonly #buckets = new Map<string, Bucket>()

  /** False when the request is one too many. `name` tells the route of a stage of an API. */
  admits(name: string, limit: RateLimit, now: Instant): boolean {
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      bucket = { tokens: limit.burst, at: now }
      if (this.#buckets.size >= BUCKETS_MAX) this.#dropOldest()
      this.#buckets.set(name, bucket)
    }
    return take(bucket, limit, now)
  }

  clear(): void {
    this.#buckets.clear()
  }

  #dropOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      return
    }
  }
}
