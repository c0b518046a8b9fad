/**
 * Credentials of functions: a session of each function's role, named after the function, as Lambda takes one. An
 * environment gets them once, when it starts, so a session is shared until too little of it is left for a new one.
 * What a session may do is not decided here.
 */
import { parseArn, printArn } from '#base/arn.ts'
import { present } from '#base/assert.ts'
import { type Instant, type Ms, later } from '#base/time.ts'
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import { ROLE_SESSION_NAME_MIN, ROLE_SESSION_SECONDS } from '#services/lambda/limits.ts'
import type { Owner } from '#services/lambda/names.ts'

export interface RoleCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAt: Instant
}

/** A function's name and the ARN of its role. */
export interface RoleHolder {
  readonly name: string
  readonly role: string
}

interface Held {
  readonly taking: Promise<RoleCredentials>
  /** Once it is there. */
  credentials: RoleCredentials | undefined
}

export class RoleSessions {
  readonly #api: Api
  readonly #clock: Clock
  readonly #owner: Owner
  /** By function; versions of one function may have different roles. */
  readonly #held = new Map<string, Map<string, Held>>()

  constructor(ports: { readonly api: Api; readonly clock: Clock }, owner: Owner) {
    this.#api = ports.api
    this.#clock = ports.clock
    this.#owner = owner
  }

  /**
   * Credentials that are good for that long: at once when they are at hand, else when STS has answered. Rejects with
   * the Fault of AssumeRole; the next call asks again.
   */
  of(holder: RoleHolder, forMs: Ms): RoleCredentials | Promise<RoleCredentials> {
    const held = this.#held.get(holder.name)?.get(holder.role)
    if (held === undefined) return this.#take(holder)
    if (held.credentials === undefined) return held.taking
    const enough = held.credentials.expiresAt >= later(this.#clock.now(), forMs)
    return enough ? held.credentials : this.#take(holder)
  }

  forget(name: string): void {
    this.#held.delete(name)
  }

  #take(holder: RoleHolder): Promise<RoleCredentials> {
    const { name, role } = holder
    const taking = this.#assume(holder)
    const held: Held = { taking, credentials: undefined }
    const ofFunction = this.#held.get(name) ?? new Map<string, Held>()
    this.#held.set(name, ofFunction.set(role, held))
    taking.then(
      (credentials) => {
        held.credentials = credentials
      },
      () => {
        if (ofFunction.get(role) === held) ofFunction.delete(role)
      },
    )
    return taking
  }

  /**
   * AWS refuses a function whose role is another account's. Here such a function is kept, as many tests of applications
   * name one, and is the session of that role's namesake in its own account.
   */
  #own(role: string): string {
    const arn = parseArn(role)
    return arn === undefined ? role : printArn({ ...arn, account: this.#owner.account })
  }

  /** Source: Lambda developer guide, Execution role: the session's name is the function's. */
  async #assume({ name, role }: RoleHolder): Promise<RoleCredentials> {
    const answer = await this.#api.call(
      'sts',
      'AssumeRole',
      {
        RoleArn: this.#own(role),
        RoleSessionName: name.padEnd(ROLE_SESSION_NAME_MIN, '-'),
        DurationSeconds: ROLE_SESSION_SECONDS,
      },
      this.#owner,
    )
    const given = present(answer.Credentials, 'AssumeRole answers credentials')
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiresAt: given.Expiration,
    }
  }
}
