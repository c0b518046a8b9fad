/**
 * The environments of one account in one region: carries out what the pool decides, and tells the pool what happened.
 * Waiting callers live here as data; nothing is polled.
 */
import { present } from '#base/assert.ts'
import { hexId } from '#base/ids.ts'
import { type Ms, instant, utcParts } from '#base/time.ts'
import { Fault } from '#base/fault.ts'
import type { Alarm } from '#ports/clock.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentView } from '#services/lambda/environment-options.ts'
import { Environment } from '#services/lambda/environment-shell.ts'
import { environmentVariables } from '#services/lambda/environment-variables.ts'
import { functionNotFound, serviceTrouble } from '#services/lambda/faults.ts'
import type { Invocation } from '#services/lambda/invocation.ts'
import type { InitializationType } from '#services/lambda/log-lines.ts'
import { ROLE_SESSION_AGE_MS, ROLE_SESSION_REST_MS } from '#services/lambda/limits.ts'
import { LogWriter } from '#services/lambda/log-writer.ts'
import type { Owner } from '#services/lambda/names.ts'
import {
  type Pool,
  type PoolCommand,
  type PoolEffect,
  type Slot,
  type Ticket,
  newPool,
  unreservedLimit,
  versionKey,
} from '#services/lambda/pool-state.ts'
import { step } from '#services/lambda/pool.ts'
import { type ProvisionedView, provisionedView } from '#services/lambda/pool-provisioned.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'
import { type RoleCredentials, RoleSessions } from '#services/lambda/role-sessions.ts'
import { profileStart, type StartProfile, type WatchOrder } from '#services/lambda/start-profile.ts'

export class Fleet {
  readonly #ports: LambdaPorts
  readonly #owner: Owner
  readonly #pool: Pool
  readonly #functions = new Map<string, ActiveFunction>()
  readonly #environments = new Map<Slot, Environment>()
  readonly #waiting = new Map<Ticket, Invocation>()
  readonly #sessions: RoleSessions
  /** For how long an environment that starts now needs its credentials. */
  readonly #sessionMs: Ms
  /** Environments that are being ended; awaited when the platform stops. */
  readonly #endings = new Set<Promise<void>>()
  #nextTicket: Ticket = 1
  #alarm: Alarm | undefined
  #trouble = ''
  #stopped = false

  constructor(ports: LambdaPorts, owner: Owner) {
    this.#ports = ports
    this.#owner = owner
    const ageMs = Math.min(ports.settings.ageMs, ROLE_SESSION_AGE_MS)
    this.#pool = newPool({ ...ports.settings, ageMs })
    this.#sessions = new RoleSessions(ports, owner)
    this.#sessionMs = ageMs + ROLE_SESSION_REST_MS
  }

  /** Concurrency that functions without a reservation share. */
  get unreserved(): number {
    return unreservedLimit(this.#pool)
  }

  /** Makes that generation of the version the one that new environments run; idle ones of older generations end. */
  configure(of: ActiveFunction): void {
    this.#functions.set(of.key, of)
    this.#credentialsAhead(of)
    const { name, version, generation } = of
    this.#run({ kind: 'configure', name, version, generation })
  }

  /** Concurrency that is kept for that function and for no other; undefined gives it back. */
  reserve(name: string, reserved: number | undefined): void {
    this.#run({ kind: 'reserve', name, reserved })
  }

  /** The function with all its versions. */
  remove(name: string): void {
    for (const of of this.#functions.values()) if (of.name === name) this.#functions.delete(of.key)
    this.#sessions.forget(name)
    this.#run({ kind: 'remove', name })
  }

  removeVersion(name: string, version: string): void {
    this.#functions.delete(versionKey(name, version))
    this.#run({ kind: 'removeVersion', name, version })
  }

  /** So many environments of the version are started beforehand, for invokes by that qualifier. */
  provision({ name, version }: ActiveFunction, qualifier: string, count: number): void {
    this.#run({ kind: 'provision', name, version, qualifier, count })
  }

  /** Ends them. */
  unprovision(name: string, qualifier: string): void {
    this.#run({ kind: 'unprovision', name, qualifier })
  }

  /** How far they have come; undefined when there are to be none. */
  provisioned(name: string, qualifier: string): ProvisionedView | undefined {
    const group = this.#pool.provisioned.get(versionKey(name, qualifier))
    return group === undefined ? undefined : provisionedView(group, this.#trouble)
  }

  /** Runs it in an environment, now or as soon as one is free. The invocation's `answer` is called exactly once. */
  invoke({ name, version }: ActiveFunction, qualifier: string | undefined, invocation: Invocation): void {
    const ticket = this.#nextTicket++
    this.#waiting.set(ticket, invocation)
    const paced = invocation.eventBytes === undefined
    this.#run({ kind: 'arrive', name, version, qualifier, ticket, paced })
  }

  /** Has others take their place: those without work end now, the others after it. How many it concerns. */
  recycle(isMeant: (view: EnvironmentView) => boolean): number {
    const slots = [...this.#environments].filter(([, one]) => isMeant(one.view())).map(([slot]) => slot)
    this.#run({ kind: 'recycle', slots })
    return slots.length
  }

  /** Ends their processes as a crash would: what they work on fails. How many it concerns. */
  kill(isMeant: (view: EnvironmentView) => boolean): number {
    const meant = [...this.#environments.values()].filter((one) => isMeant(one.view()))
    for (const environment of meant) environment.kill()
    return meant.length
  }

  /** One start beside the pool, only looked at. */
  async profile(of: ActiveFunction, order: WatchOrder): Promise<StartProfile> {
    const credentials = await this.#sessions.of(of, this.#sessionMs)
    return await profileStart(this.#ports, of, this.#variables(of, 'windtunnel', credentials), order)
  }

  views(): EnvironmentView[] {
    return [...this.#environments.values()].map((environment) => environment.view())
  }

  /** Ends all environments. Callers that wait are refused. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#alarm?.cancel()
    const stopping = serviceTrouble('The platform is stopping.')
    for (const ticket of this.#waiting.keys()) this.#refuse(ticket, stopping)
    for (const environment of this.#environments.values()) this.#end(environment)
    this.#environments.clear()
    await Promise.all(this.#endings)
  }

  #run(command: PoolCommand): void {
    const { clock } = this.#ports
    const effects = step(this.#pool, command, { now: clock.now(), elapsed: clock.elapsed() })
    for (const effect of effects) this.#apply(effect)
  }

  #apply(effect: PoolEffect): void {
    switch (effect.kind) {
      case 'dispatch':
        present(this.#environments.get(effect.slot), 'a dispatch is to an environment that is here').dispatch(
          this.#take(effect.ticket),
        )
        break
      case 'start':
        this.#start(effect.key, effect.slot, effect.provisioned === true ? PROVISIONED : ON_DEMAND)
        break
      case 'throttle':
        this.#take(effect.ticket).answer({ kind: 'throttled', reason: effect.reason })
        break
      case 'fail':
        this.#refuse(effect.ticket, effect.because === 'removed' ? undefined : serviceTrouble(this.#trouble))
        break
      case 'retire': {
        const environment = this.#environments.get(effect.slot)
        this.#environments.delete(effect.slot)
        if (environment !== undefined) this.#end(environment)
        break
      }
      case 'spill':
        this.#waiting.get(effect.ticket)?.span.set('provisionedConcurrencySpillover', true)
        break
      case 'wakeAt':
        this.#alarm?.cancel()
        this.#alarm = this.#ports.clock.wakeAt(effect.at, () => this.#run({ kind: 'tick' }))
        break
      default:
        effect satisfies never
    }
  }

  #take(ticket: Ticket): Invocation {
    const invocation = present(this.#waiting.get(ticket), 'a ticket is taken once')
    this.#waiting.delete(ticket)
    return invocation
  }

  /** Without a fault: its function is gone. */
  #refuse(ticket: Ticket, fault: Fault | undefined): void {
    const invocation = this.#take(ticket)
    invocation.answer({ kind: 'refused', fault: fault ?? functionNotFound(invocation.invokedArn) })
  }

  /** So that the first start need not wait for them; a role that cannot be had is told to whoever invokes. */
  #credentialsAhead(of: ActiveFunction): void {
    const credentials = this.#sessions.of(of, this.#sessionMs)
    if (credentials instanceof Promise) credentials.catch(faultsOnly)
  }

  #start(key: string, slot: Slot, type: InitializationType): void {
    const of = present(this.#functions.get(key), 'a version is configured before it starts')
    const credentials = this.#sessions.of(of, this.#sessionMs)
    if (credentials instanceof Promise) void this.#startWith(of, { slot, type }, credentials)
    else this.#make(of, { slot, type }, credentials)
  }

  async #startWith(of: ActiveFunction, as: Started, taking: Promise<RoleCredentials>): Promise<void> {
    let credentials: RoleCredentials
    try {
      credentials = await taking
    } catch (error) {
      faultsOnly(error)
      if (!this.#stopped) this.#gone(as.slot, of, roleTrouble(error))
      return
    }
    if (!this.#stopped) this.#make(of, as, credentials)
  }

  #make(of: ActiveFunction, { slot, type }: Started, credentials: RoleCredentials): void {
    const { random, clock, settings } = this.#ports
    const id = hexId(random, 16)
    const stream = streamName(clock.now(), of.version, id)
    const writer = new LogWriter(this.#ports, {
      group: of.logGroup,
      stream,
      functionArn: of.arn,
      as: this.#owner,
    })
    const variables = this.#variables(of, stream, credentials, type)
    const environment = new Environment(
      this.#ports,
      {
        id,
        function: of,
        variables,
        writer,
        freezeAfterMs: settings.freezeAfterMs,
        initializationType: type,
      },
      {
        ready: (broken) => this.#run({ kind: 'ready', slot, broken }),
        died: () => this.#run({ kind: 'died', slot }),
        gone: (trouble) => this.#gone(slot, of, trouble),
      },
    )
    this.#environments.set(slot, environment)
  }

  #variables(
    of: ActiveFunction,
    logStream: string,
    credentials: RoleCredentials,
    initializationType: InitializationType = ON_DEMAND,
  ): Record<string, string> {
    return environmentVariables({
      ...of,
      initializationType,
      runtime: of.runtime.identifier,
      logStream,
      credentials,
      endpoint: this.#ports.endpoint(),
    })
  }

  #gone(slot: Slot, of: ActiveFunction, trouble: string): void {
    this.#trouble = trouble
    const environment = this.#environments.get(slot)
    this.#environments.delete(slot)
    this.#ports.log.warn('lambda.environment.not-started', {
      environment: environment?.id,
      function: of.arn,
      why: trouble,
    })
    if (environment !== undefined) this.#end(environment)
    this.#run({ kind: 'gone', slot })
  }

  #end(environment: Environment): void {
    const ending = environment.retire().finally(() => this.#endings.delete(ending))
    this.#endings.add(ending)
  }
}

const ON_DEMAND = 'on-demand' satisfies InitializationType
const PROVISIONED = 'provisioned-concurrency' satisfies InitializationType

/** A start under way. */
interface Started {
  readonly slot: Slot
  readonly type: InitializationType
}

/** A Fault is an answer; anything else is a defect and goes on. */
function faultsOnly(error: unknown): asserts error is Fault {
  if (!(error instanceof Fault)) throw error
}

/** Source: Lambda API, CreateFunction, for the sentence. */
const roleTrouble = (fault: Fault): string =>
  `The role defined for the function cannot be assumed by Lambda. (${fault.code}: ${fault.message})`

/** `2026/11/25/[$LATEST]<32 hex digits>`. Source: log streams as Lambda names them. */
function streamName(now: number, version: string, id: string): string {
  const { year, month, day } = utcParts(instant(now))
  const two = (n: number): string => `${n}`.padStart(2, '0')
  return `${year}/${two(month)}/${two(day)}/[${version}]${id}`
}
