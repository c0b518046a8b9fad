/**
 * CPU share, freezing and counters of one environment. With control groups the server writes and reads them directly;
 * without, the launcher's governor does it by signals. When an idle environment is frozen is not decided here.
 */
import type { SandboxUsage } from '#ports/sandboxes.ts'
import {
  counter,
  innermostPid,
  KernelFile,
  processCpuMs,
  processPeakBytes,
  schedstat,
} from '#host/sandbox/counters.ts'
import { Freezer } from '#host/sandbox/freezer.ts'
import { MB_OF_ONE_VCPU, quotaUs } from '#host/sandbox/groups.ts'
import type { Host } from '#host/sandbox/host.ts'
import type { Launcher } from '#host/sandbox/launcher.ts'
import { MemoryPeak } from '#host/sandbox/memory-peak.ts'
import type { RuntimePlan } from '#host/sandbox/runtime-plan.ts'

const MIB = 1_048_576

type ProcessUsage = Omit<SandboxUsage, 'tmpBytes'>
const NOTHING_USED: ProcessUsage = { cpuMs: 0, throttledMs: 0, runQueueMs: 0, peakMemoryBytes: 0 }

export interface ControlOptions {
  readonly host: Host
  readonly launcher: Launcher
  readonly name: string
  readonly memoryMb: number
  readonly plan: RuntimePlan
}

const fileAt = (path: string | undefined, flags: 'r' | 'r+' = 'r'): KernelFile | undefined =>
  path === undefined ? undefined : new KernelFile(path, flags)

export class Control {
  #options: ControlOptions
  #quota: KernelFile | undefined
  #freezer: Freezer | undefined
  #cpuUsage: KernelFile | undefined
  #cpuStat: KernelFile | undefined
  #peak: MemoryPeak | undefined
  #oom: KernelFile | undefined
  #sched: KernelFile | undefined
  #wrappers = 0
  #group: string | undefined
  #own: { readonly outer: number; readonly inner: number } | undefined
  #pid: number | undefined
  #share: 'proportional' | 'burst' = 'burst'
  /** What the group's quota is now. */
  #written: 'proportional' | 'burst' = 'burst'
  #frozen = false
  #governorThrottledMs = 0
  #last = NOTHING_USED

  constructor(options: ControlOptions) {
    this.#options = options
  }

  /** Limits that the launcher keeps, because no group does. */
  governed(): { readonly memoryBytes: number | undefined; readonly cpu: boolean } | undefined {
    const { groups } = this.#options.host
    const cpu = groups?.cpu === undefined
    const memoryBytes = groups?.memory === undefined ? this.#options.memoryMb * MIB : undefined
    return cpu || memoryBytes !== undefined || !groups.freeze ? { memoryBytes, cpu } : undefined
  }

  /** A process is about to be started: in no group yet, and as fast as it can. */
  launching(wrappers: number): void {
    this.close()
    this.#wrappers = wrappers
    this.#pid = undefined
    this.#group = undefined
    this.#governorThrottledMs = 0
    this.#share = 'burst'
    this.#written = 'burst'
    this.#frozen = false
    // the memory of a process ends with it, and so does its peak: inferred
    this.#last = NOTHING_USED
  }

  started(pid: number, group: string): void {
    this.#pid = pid
    this.#group = group
    const files = this.#options.host.groups?.files(group)
    this.#quota = fileAt(files?.quota, 'r+')
    const { freezes } = this.#options.host
    this.#freezer = files?.freeze === undefined ? undefined : new Freezer(files.freeze, freezes)
    this.#cpuUsage = fileAt(files?.cpuUsage)
    this.#cpuStat = files?.cpuStat === files?.cpuUsage ? this.#cpuUsage : fileAt(files?.cpuStat)
    this.#peak = files === undefined ? undefined : MemoryPeak.of(files)
    this.#oom = fileAt(files?.oom)
    this.#setQuota(this.#share)
  }

  /** The group of the process that runs or has ended. */
  get group(): string | undefined {
    return this.#group
  }

  cpu(share: 'proportional' | 'burst'): void {
    this.#share = share
    if (!this.#frozen) this.#setQuota(share)
  }

  freeze(): void {
    if (this.#frozen || this.#pid === undefined) return
    this.#frozen = true
    // under a quota a busy tree reaches its freezing point late: the quota is lifted first
    this.#setQuota('burst')
    if (this.#freezer === undefined) this.#options.launcher.freeze(this.#options.name, true)
    else this.#freezer.freeze()
  }

  thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    this.#setQuota(this.#share)
    if (this.#freezer === undefined) this.#options.launcher.freeze(this.#options.name, false)
    else this.#freezer.thaw()
  }

  /** Before the tree ends or starts again: running, without a quota. */
  release(): void {
    this.usage() // the last counters of a process that is about to end
    this.#share = 'burst'
    this.thaw()
    this.#setQuota('burst')
  }

  /** The launcher ended it for its memory, which nobody could measure any more. */
  outgrew(): void {
    const peakMemoryBytes = Math.max(this.#last.peakMemoryBytes, this.#options.memoryMb * MIB)
    this.#last = { ...this.#last, peakMemoryBytes }
    this.#pid = undefined
  }

  throttled(ms: number): void {
    this.#governorThrottledMs += ms
  }

  usage(): ProcessUsage {
    const pid = this.#pid
    if (pid === undefined) return this.#last
    const own = this.#ownPid(pid)
    if (own !== pid || this.#wrappers === 0) this.#sched ??= new KernelFile(`/proc/${own}/schedstat`)
    const queue = this.#sched?.read() ?? ''
    const peakBytes =
      this.#peak === undefined
        ? processPeakBytes(own)
        : this.#peak.bytes(own) + this.#options.plan.sharedBytes
    const cpuMs = this.#cpuUsage === undefined ? processCpuMs(own) : this.#cpuTotalMs()
    const throttledMs = this.#throttledTotalMs()
    this.#last = {
      cpuMs: Math.max(this.#last.cpuMs, cpuMs),
      throttledMs,
      // the kernel counts a throttled thread as waiting; what is left is the wait for a core
      runQueueMs: queue === '' ? this.#last.runQueueMs : Math.max(0, schedstat(queue).waitedMs - throttledMs),
      peakMemoryBytes: Math.max(this.#last.peakMemoryBytes, peakBytes),
    }
    return this.#last
  }

  /** Whether the kernel ended a process of the group for its memory since the start. */
  wasOutOfMemory(): boolean {
    return counter(this.#oom?.read() ?? '', 'oom_kill') > 0
  }

  close(): void {
    const files = [
      this.#quota,
      this.#freezer,
      this.#cpuUsage,
      this.#cpuStat,
      this.#peak,
      this.#oom,
      this.#sched,
    ]
    for (const file of files) file?.close()
    this.#sched = undefined
    this.#own = undefined
  }

  #ownPid(pid: number): number {
    if (this.#own?.outer !== pid) {
      const inner = innermostPid(pid, this.#wrappers)
      if (inner === pid && this.#wrappers > 0) return pid // the sandbox is still being made
      this.#own = { outer: pid, inner }
    }
    return this.#own.inner
  }

  #setQuota(share: 'proportional' | 'burst'): void {
    if (this.#written === share || this.#pid === undefined) return
    const { memoryMb, host, launcher, name } = this.#options
    if (this.#quota === undefined || host.groups === undefined) {
      launcher.share(name, share === 'burst' ? undefined : memoryMb / MB_OF_ONE_VCPU)
      this.#written = share
    } else if (this.#quota.write(host.groups.quotaText(share === 'burst' ? undefined : quotaUs(memoryMb)))) {
      this.#written = share
    }
  }

  #cpuTotalMs(): number {
    return counter(this.#cpuUsage?.read() ?? '', 'usage_usec') / 1_000
  }

  #throttledTotalMs(): number {
    if (this.#quota === undefined) return this.#governorThrottledMs
    const text = this.#cpuStat?.read() ?? ''
    return text.includes('throttled_usec')
      ? counter(text, 'throttled_usec') / 1_000
      : counter(text, 'throttled_time') / 1e6
  }
}
