/**
 * One sandbox: its folders, sockets and groups from start to removal, and its process through any number of starts. When
 * to freeze, thaw, restart and end is decided by `services/lambda`; this does it, in the order that works.
 */
import { readdirSync } from 'node:fs'
import type { RuntimeRequest, Sandbox, SandboxListener, SandboxSpec, SandboxUsage } from '#ports/sandboxes.ts'
import type { Brought } from '#host/sandbox/brought.ts'
import { confine, type Interior, type Mount } from '#host/sandbox/confinement.ts'
import { Control } from '#host/sandbox/control.ts'
import { exitOf } from '#host/sandbox/exit.ts'
import type { Host } from '#host/sandbox/host.ts'
import type { Exit, GroupSetting, Launcher } from '#host/sandbox/launcher.ts'
import type { Listeners } from '#host/sandbox/listener.ts'
import { unframed } from '#host/sandbox/log-frames.ts'
import { type OnOutput, Output } from '#host/sandbox/output.ts'
import type { RuntimePlan } from '#host/sandbox/runtime-plan.ts'
import { customCommand } from '#host/sandbox/runtimes-custom.ts'
import { serve, type Served, SOCKET_INSIDE } from '#host/sandbox/serving.ts'
import { extensionsOf, Supervision } from '#host/sandbox/supervision.ts'
import type { TmpFolder } from '#host/sandbox/tmp-folders.ts'

const MIB = 1_048_576
/** Less than this no runtime starts in. */
const LEAST_MEMORY_BYTES = 32 * MIB
const EXEC_WRAPPER = 'AWS_LAMBDA_EXEC_WRAPPER'

/** What an environment holds while it exists. */
interface Held {
  /** That of its mounts: when it has ended, the environment cannot be started again. */
  readonly launcher: Launcher
  readonly uid: number | undefined
  readonly tmp: TmpFolder
  readonly pipe: string
  readonly output: Output
  readonly interior: Interior
  readonly limits: readonly GroupSetting[]
  readonly control: Control
  /** In sandboxes with external extensions. */
  readonly supervision: Supervision | undefined
  /** Where the system gives each environment an address of its own. */
  readonly listeners: Listeners | undefined
}

/** What its start is made of, found or fetched. */
interface Found {
  readonly plan: RuntimePlan
  readonly brought: Brought
  readonly task: string
  readonly opt: string | undefined
}

export class Environment implements Sandbox {
  readonly id: string
  #host: Host
  #spec: SandboxSpec
  #held: Held | undefined
  #name: string
  #run = 0
  #running = false
  #settled = false
  #wantsKill = false
  #destroyed = false
  #ended: (() => void) | undefined
  #preparing: Promise<void>
  #removal: Promise<void> | undefined
  #groupGone: Promise<void> = Promise.resolve()
  /** What to give back, in the order it was taken; a start that fails halfway gives back its half. */
  #releases: (() => void | Promise<void>)[] = []

  constructor(host: Host, spec: SandboxSpec) {
    this.id = spec.id
    this.#host = host
    this.#spec = spec
    this.#name = host.nextName()
    this.#preparing = this.#prepare().then(
      () => this.#launch(),
      (error: unknown) => this.#failed(error instanceof Error ? error.message : String(error)),
    )
  }

  cpu(share: 'proportional' | 'burst'): void {
    this.#held?.control.cpu(share)
  }

  freeze(): void {
    if (this.#running) this.#held?.control.freeze()
  }

  thaw(): void {
    this.#held?.control.thaw()
  }

  usage(): SandboxUsage {
    const held = this.#held
    if (held === undefined) {
      return { cpuMs: 0, throttledMs: 0, runQueueMs: 0, peakMemoryBytes: 0, tmpBytes: 0 }
    }
    const { tmp } = held
    return {
      ...held.control.usage(),
      // asked for when somebody looks: a look at a file system is a twentieth of a warm invoke's time
      get tmpBytes() {
        return tmp.usedBytes()
      },
    }
  }

  restart(): void {
    if (this.#running || this.#destroyed) return
    if (this.#held !== undefined) this.#launch()
  }

  kill(): void {
    if (this.#held === undefined) {
      this.#wantsKill = true
      return
    }
    this.#held.control.release()
    this.#held.launcher.kill(this.#name)
  }

  begin(): void {
    this.#held?.supervision?.begin()
  }

  terminate(): void {
    if (this.#running) this.#held?.launcher.terminate(this.#name)
  }

  send(to: SandboxListener, body: Uint8Array, timeoutMs: number): Promise<boolean> {
    return this.#held?.listeners?.send(to, body, timeoutMs) ?? Promise.resolve(false)
  }

  destroy(graceMs: number): Promise<void> {
    this.#destroyed = true
    return (this.#removal ??= this.#remove(graceMs))
  }

  async #prepare(): Promise<void> {
    const host = this.#host
    const spec = this.#spec
    const plan = await host.plan(spec.runtime)
    const opt = spec.layers.length === 0 ? undefined : await host.stage.merged(spec.layers)
    const task = host.stage.pathOf(spec.code.id)
    const brought = await host.broughtFor(plan, spec)
    // what may have to be fetched is there: nobody waits for a turn behind a download
    await host.preparations.take(() => this.#furnish({ plan, brought, task, opt }))
  }

  async #furnish({ plan, brought, task, opt }: Found): Promise<void> {
    const host = this.#host
    const spec = this.#spec
    const uid = host.users?.take()
    if (uid !== undefined) this.#releases.push(() => host.users?.give(uid))
    const equipment = await host.equipment()
    const { launcher, pipes } = equipment
    const readable = (mounts: readonly Mount[]): Promise<readonly Mount[]> =>
      host.copies === undefined ? Promise.resolve(mounts) : host.copies.of(launcher, mounts)
    const shared = { mounts: await readable([...plan.mounts, ...brought.mounts]), links: plan.links }
    const root = await host.rootFor(equipment, shared)
    const tmp = await equipment.tmp.take(spec.tmpMb)
    this.#releases.push(() => tmp.release())
    if (uid !== undefined) tmp.own(uid)
    const takePipe = async (): Promise<string> => {
      const path = await pipes.take(uid)
      this.#releases.push(() => pipes.give(path))
      return path
    }
    const pipe = await takePipe()
    const said: OnOutput = (chunk, dropped) => spec.onOutput(chunk, dropped)
    const heard = plan.framesLogs === true ? unframed(said) : said
    const output = new Output(pipe, host.clock, host.outputBytesPerSecond, heard)
    this.#releases.push(() => output.close())
    for (const problem of [brought.problem, tmpProblem(tmp)]) {
      if (problem !== undefined) spec.onOutput(Buffer.from(`[WARN] windtunnel: ${problem}\n`), 0)
    }
    const memoryBytes = Math.max(LEAST_MEMORY_BYTES, spec.memoryMb * MIB - plan.sharedBytes)
    const limits = host.groups?.limits(memoryBytes) ?? []
    const control = new Control({ host, launcher, name: this.#name, memoryMb: spec.memoryMb, plan })
    this.#releases.push(() => control.close())
    const supervision = await this.#supervise(takePipe, opt, control)
    const ownClient = plan.api === 'unix'
    const served = await this.#serve({ launcher, uid, output, supervision, ownClient })
    const mounts = await readable([
      { from: task, to: '/var/task' },
      ...(opt === undefined ? [] : [{ from: opt, to: '/opt' }]),
      { from: tmp.path, to: '/tmp', writable: true },
      ...served.mounts,
      ...(supervision?.mounts ?? []),
    ])
    const runtime = commandOf(plan, spec, task, opt)
    const command = supervision === undefined ? runtime : supervision.command(runtime)
    const isUsersProgram = plan.kind === 'custom' || spec.environment[EXEC_WRAPPER] !== undefined
    const environment = {
      ...spec.environment,
      ...plan.environment,
      AWS_LAMBDA_RUNTIME_API: served.address,
      ...(ownClient ? { _WINDTUNNEL_RUNTIME_SOCKET: SOCKET_INSIDE } : {}),
    }
    const program = { command, isUsersProgram, environment, cwd: '/var/task', uid }
    const interior: Interior = { shared, root, mounts, ...program }
    const { listeners } = served
    this.#held = { launcher, uid, tmp, pipe, output, interior, limits, control, supervision, listeners }
  }

  /** Opens the way to the platform. */
  #serve(
    of: Pick<Held, 'launcher' | 'uid' | 'output' | 'supervision'> & { ownClient: boolean },
  ): Promise<Served> {
    const { launcher, uid, output, supervision, ownClient } = of
    return serve({
      host: this.#host,
      name: this.#name,
      uid,
      ownClient,
      othersToo: supervision !== undefined,
      onConnection: () => {
        if (this.#settled) return
        this.#settled = true
        launcher.settled(this.#name)
      },
      onRequest: (request: RuntimeRequest, reply) => {
        output.drain()
        supervision?.drain()
        this.#spec.onRequest(request, reply)
      },
      releases: this.#releases,
    })
  }

  /** What runs extensions beside the runtime, when there are any and somebody wants them. */
  async #supervise(
    takePipe: () => Promise<string>,
    opt: string | undefined,
    control: Control,
  ): Promise<Supervision | undefined> {
    const { extensions: hooks } = this.#spec
    const names = hooks === undefined ? [] : extensionsOf(opt)
    if (hooks === undefined || names.length === 0) return undefined
    const { clock, outputBytesPerSecond } = this.#host
    const wasOutOfMemory = (): boolean => control.wasOutOfMemory()
    const parts = { names, hooks, clock, outputBytesPerSecond, takePipe, wasOutOfMemory }
    const supervision = await Supervision.open(parts)
    this.#releases.push(() => supervision.close())
    return supervision
  }

  #launch(): void {
    const held = this.#held
    if (held === undefined) return
    if (this.#destroyed) {
      this.#ended?.()
      return
    }
    const { launcher, interior, limits, control, supervision } = held
    this.#run++
    this.#running = true
    this.#settled = false
    const confined = confine(this.#host.level, interior, this.#host.system)
    const supervised = supervision !== undefined
    supervision?.starting()
    control.launching(confined.wrappers + (supervised ? 1 : 0))
    launcher.start(
      {
        id: this.#name,
        run: this.#run,
        ...confined,
        output: held.pipe,
        limits,
        supervised,
        uid: held.uid,
        governed: control.governed(),
      },
      {
        started: ({ pid, group, queuedMs, startedMs }) => {
          control.started(pid, group)
          this.#spec.onStarted({ queuedMs, startedMs, extensions: supervision?.names })
          supervision?.started()
        },
        exited: (exit) => this.#exited(exit, confined.wrappers),
        throttled: (ms) => control.throttled(ms),
      },
    )
    if (this.#wantsKill) {
      this.#wantsKill = false
      launcher.kill(this.#name)
    }
  }

  #exited(exit: Exit, wrappers: number): void {
    const held = this.#held
    this.#running = false
    held?.output.drain()
    held?.supervision?.drain()
    held?.control.release()
    if (exit.oomKilled) held?.control.outgrew()
    const oomKilled = exit.oomKilled || (held?.control.wasOutOfMemory() ?? false)
    const group = held?.control.group
    if (held !== undefined && group !== undefined) this.#groupGone = held.launcher.remove(group)
    this.#spec.onExit(exitOf(exit, wrappers, oomKilled))
    this.#ended?.()
  }

  #failed(trouble: string): void {
    this.#spec.onExit({ code: null, signal: null, oomKilled: false, trouble })
    this.#ended?.()
  }

  async #remove(graceMs: number): Promise<void> {
    await this.#preparing
    if (this.#running) {
      const ended = new Promise<void>((resolve) => (this.#ended = resolve))
      this.#held?.control.release()
      this.#held?.launcher.end(this.#name, graceMs)
      await ended
    }
    await this.#groupGone
    const failures: unknown[] = []
    for (const release of this.#releases.splice(0).toReversed()) {
      try {
        await release()
      } catch (error) {
        failures.push(error) // the others are given back all the same
      }
    }
    this.#host.forget(this.id, this)
    if (failures.length > 0) throw failures[0]
  }
}

const tmpProblem = ({ problem }: TmpFolder): string | undefined =>
  problem === undefined
    ? undefined
    : `/tmp of this environment is a plain folder without a limit, because no file system could be mounted: ${problem}`

/** Faults: Error in words, when the package has no bootstrap. */
function commandOf(
  plan: RuntimePlan,
  spec: SandboxSpec,
  task: string,
  opt: string | undefined,
): readonly string[] {
  // Source: Lambda developer guide, wrapper scripts: the runtime's command is handed to them; not for OS-only runtimes
  const wrapper = spec.environment[EXEC_WRAPPER]
  if (plan.kind !== 'custom') return [...(wrapper === undefined ? [] : [wrapper]), ...plan.command(spec)]
  const bootstrap = customCommand(task, opt)
  if (bootstrap !== undefined) return [bootstrap]
  const found = readdirSync(task).slice(0, 10).join(', ')
  throw new Error(
    `Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]; the package has ${found}`,
  )
}
