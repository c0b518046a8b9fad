/** What all environments of one platform share: the launcher, folders, pools and the modes that were found to work. */
import { createServer, type Server, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { FoundRuntime, SandboxSpec } from '#ports/sandboxes.ts'
import { Trouble } from '#base/trouble.ts'
import { type Brought, BroughtByRuntimes } from '#host/sandbox/brought.ts'
import { type Level, type SharedView, sharedView, type System } from '#host/sandbox/confinement.ts'
import type { Copies } from '#host/sandbox/copies.ts'
import type { Environment } from '#host/sandbox/environment.ts'
import { FreezeQueue } from '#host/sandbox/freezer.ts'
import type { Groups } from '#host/sandbox/groups.ts'
import type { Equipment, Keeper } from '#host/sandbox/keeper.ts'
import type { Launcher } from '#host/sandbox/launcher.ts'
import type { Users } from '#host/sandbox/resources.ts'
import type { Root } from '#host/sandbox/roots.ts'
import type { PlannedRuntime, RuntimeOptions, RuntimePlan } from '#host/sandbox/runtime-plan.ts'
import { planRuntime } from '#host/sandbox/runtimes.ts'
import type { Stage } from '#host/sandbox/stage.ts'
import { Turns } from '#host/sandbox/turns.ts'

/** Source: Lambda developer guide, custom runtimes: AWS_LAMBDA_RUNTIME_API is a host and port, 9001 as seen in real environments. */
const RUNTIME_PORT = 9_001
const ADDRESSES_TRIED = 50

export interface HostParts {
  readonly keeper: Keeper
  readonly clock: Clock
  readonly log: Log
  readonly level: Level
  /** Sockets, FIFOs and mount points; its path is short, as unix sockets demand. */
  readonly runFolder: string
  readonly system: System
  readonly stage: Stage
  /** Undefined where the platform is not root: then all environments are one user. */
  readonly users: Users | undefined
  readonly groups: Groups | undefined
  /** Where functions without a view of their own have users of their own. */
  readonly copies: Copies | undefined
  readonly outputBytesPerSecond: number
  readonly runtimes: RuntimeOptions
}

export class Host {
  readonly clock: Clock
  readonly log: Log
  readonly level: Level
  readonly runFolder: string
  readonly system: System
  readonly stage: Stage
  readonly users: Users | undefined
  readonly groups: Groups | undefined
  readonly copies: Copies | undefined
  readonly outputBytesPerSecond: number
  readonly environments = new Map<string, Environment>()
  readonly freezes = new FreezeQueue()
  /** Folders, sockets and mounts are made a little ahead of the launcher, which starts as many as there are cores. */
  readonly preparations = new Turns(2 * availableParallelism())
  readonly keeper: Keeper
  #runtimes: RuntimeOptions
  #plans = new Map<string, Promise<PlannedRuntime>>()
  #brought: BroughtByRuntimes
  #names = 0
  #addresses = 0

  constructor(parts: HostParts) {
    this.keeper = parts.keeper
    this.clock = parts.clock
    this.log = parts.log
    this.level = parts.level
    this.runFolder = parts.runFolder
    this.system = parts.system
    this.stage = parts.stage
    this.users = parts.users
    this.groups = parts.groups
    this.copies = parts.copies
    this.outputBytesPerSecond = parts.outputBytesPerSecond
    this.#runtimes = parts.runtimes
    this.#brought = new BroughtByRuntimes(parts.runtimes)
  }

  /** The newest launcher and its pools. An environment keeps those it was made with. */
  get launcher(): Launcher {
    return this.keeper.current.launcher
  }

  /** Faults: Trouble when the launcher has ended and there is no other. */
  equipment(): Promise<Equipment> {
    return this.keeper.ready()
  }

  nextName(): string {
    return `e${++this.#names}`
  }

  forget(id: string, environment: Environment): void {
    if (this.environments.get(id) === environment) this.environments.delete(id)
  }

  /** Searched once; what was missing is searched again, because the user may have followed the remedy. */
  async planned(identifier: string): Promise<PlannedRuntime> {
    const known = this.#plans.get(identifier)
    if (known !== undefined) return known
    const planning = planRuntime(identifier, this.#runtimes)
    this.#plans.set(identifier, planning)
    const planned = await planning
    if (planned.kind === 'missing') this.#plans.delete(identifier)
    else if (planned.plan.interpreter !== undefined) {
      void this.launcher.run(['sh', '-c', 'cat "$0" > /dev/null', planned.plan.interpreter])
    }
    if (planned.kind === 'planned') void this.rootFor(this.keeper.current, planned.plan)
    return planned
  }

  /** The prepared view of that runtime, where this machine can prepare one. */
  rootFor({ roots }: Equipment, shared: SharedView): Promise<Root | undefined> {
    return roots === undefined ? Promise.resolve(undefined) : roots.of(sharedView(shared, this.system))
  }

  async found(identifier: string): Promise<FoundRuntime> {
    const planned = await this.planned(identifier)
    if (planned.kind === 'missing') return planned
    const { version, notice } = planned.plan
    return notice === undefined
      ? { kind: 'found', identifier, version }
      : { kind: 'found', identifier, version, notice }
  }

  /** Faults: Trouble when the runtime is missing. */
  async plan(identifier: string): Promise<RuntimePlan> {
    const planned = await this.planned(identifier)
    if (planned.kind === 'planned') return planned.plan
    throw new Trouble(`${planned.reason}: ${planned.remedy}`, identifier, planned.remedy)
  }

  /** What the runtime has to bring for this code; nothing, at once, for code that does not mention it. */
  async broughtFor(plan: RuntimePlan, spec: SandboxSpec): Promise<Brought> {
    if (plan.kind === 'custom') return NOTHING
    for (const code of [spec.code, ...spec.layers]) {
      const traits = this.stage.knownTraits(code.id) ?? (await this.stage.traits(code.id))
      if (plan.kind === 'node' && traits.mentionsAwsSdk) return this.#brought.awsSdk()
      if (plan.python !== undefined && traits.mentionsBoto) return this.#brought.boto(plan.python)
    }
    return NOTHING
  }

  /** Fetches ahead of the first start what freshly staged code mentions. */
  fetchAhead(id: string): void {
    if (this.stage.knownTraits(id)?.mentionsAwsSdk === true) void this.#brought.awsSdk()
  }

  /** TCP clients must be the environment's own user; a unix socket is seen by nobody else. */
  admits(socket: Socket, uid: number | undefined): boolean | Promise<boolean> {
    const { remotePort: port, localAddress: address, localPort } = socket
    if (port === undefined || address === undefined || localPort === undefined || uid === undefined)
      return true
    return this.launcher.uidOfPeer(port, { address, port: localPort }).then((found) => found === uid)
  }

  /** An address of 127/8 for this environment alone; on systems with only 127.0.0.1 a port of its own. */
  async listenTcp(server: Server): Promise<string> {
    if (process.platform === 'linux') {
      for (let tries = 0; tries < ADDRESSES_TRIED; tries++) {
        const address = this.#nextAddress()
        if (await listening(server, RUNTIME_PORT, address)) return `${address}:${RUNTIME_PORT}`
      }
    }
    if (!(await listening(server, 0, '127.0.0.1'))) {
      throw new Trouble('no address for the Runtime API', '127.0.0.1', 'check which ports are in use')
    }
    const bound = server.address()
    return `127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`
  }

  #nextAddress(): string {
    const number = (process.pid * 7_919 + this.#addresses++) % (126 * 65_536)
    return `127.${1 + Math.floor(number / 65_536)}.${Math.floor(number / 256) % 256}.${1 + (number % 254)}`
  }
}

const NOTHING: Brought = { mounts: [], problem: undefined }

function listening(server: Server, port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = (): void => resolve(false)
    server.once('error', refused)
    server.listen(port, address, () => {
      server.off('error', refused)
      server.unref()
      resolve(true)
    })
  })
}

/** Whether an address can be listened on at all; for `probeMachine`. */
export async function canListen(address: string): Promise<boolean> {
  const server = createServer()
  const can = await listening(server, 0, address)
  server.close()
  return can
}
