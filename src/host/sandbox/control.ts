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
import { type GroupPlan, MB_OF_ONE_VCPU, quotaUs } from '#host/sandbox/groups.ts'
import type { Host } from '#host/sandbox/host.ts'
import type { RuntimePlan } from '#host/sandbox/runtimes.ts'

const MIB = 1_048_576

export interface ControlOptions {
  readonly host: Host
  readonly name: string
  readonly memoryMb: number
  readonly groups: GroupPlan | undefined
  readonly plan: RuntimePlan
}

const fileAt = (path: string | undefined, flags: 'r' | 'r+' = 'r'): KernelFile | undefined =>
  path === undefined ? undefined : new KernelFile(path, flags)

export class Control {
  #options: ControlOptions
  #quota: KernelFile | undefined
  #freezer: KernelFile | undefined
  #cpuUsage: KernelFile | undefined
  #cpuStat: KernelFile | undefined
  #peak: KernelFile | undefined
  #oom: KernelFile | undefined
  #sched: KernelFile | undefined
  #wrappers = 0
  #own: { readonly outer: number; readonly inner: number } | undefined
  #pid: number | undefined
  #share: 'proportional' | 'burst' = 'burst'
  /** What the group's quota is now. */
  #written: 'proportional' | 'burst' = 'burst'
  #frozen = false
  #governorThrottledMs = 0
  #base = { cpuMs: 0, throttledMs: 0, oomKills: 0 }
  #last: Omit<SandboxUsage, 'tmpBytes'> = { cpuMs: 0, throttledMs: 0, runQueueMs: 0, peakMemoryBytes: 0 }

  constructor(options: ControlOptions) {
    this.#options = options
    const { groups } = options
    this.#quota = fileAt(groups?.quotaFile, 'r+')
    this.#freezer = fileAt(groups?.freezeFile, 'r+')
    this.#cpuUsage = fileAt(groups?.cpuUsageFile)
    this.#cpuStat =
      groups?.cpuStatFile === groups?.cpuUsageFile ? this.#cpuUsage : fileAt(groups?.cpuStatFile)
    this.#peak = fileAt(groups?.memoryPeakFile)
    this.#oom = fileAt(groups?.oomFile)
  }

  /** Limits that the launcher keeps, because no group does. */
  governed(): { readonly memoryBytes: number | undefined; readonly cpu: boolean } | undefined {
    const cpu = this.#quota === undefined
    const memoryBytes = this.#oom === undefined ? this.#options.memoryMb * MIB : undefined
    return cpu || memoryBytes !== undefined || this.#freezer === undefined ? { memoryBytes, cpu } : undefined
  }

  launching(wrappers: number): void {
    this.#wrappers = wrappers
    this.#pid = undefined
    this.#sched?.close()
    this.#sched = undefined
    this.#governorThrottledMs = 0
    this.#base = {
      cpuMs: this.#cpuTotalMs(),
      throttledMs: this.#throttledTotalMs(),
      oomKills: this.#oomKills(),
    }
    this.#last = { ...this.#last, cpuMs: 0, throttledMs: 0, runQueueMs: 0 }
    this.#share = 'burst'
    this.#setQuota('burst')
  }

  started(pid: number): void {
    this.#pid = pid
    if (this.#share !== this.#written && !this.#frozen) this.#setQuota(this.#share)
  }

  cpu(share: 'proportional' | 'burst'): void {
    this.#share = share
    if (!this.#frozen) this.#setQuota(share)
  }

  freeze(): void {
    if (this.#frozen) return
    this.#frozen = true
    // under a quota a busy tree reaches its freezing point late: the quota is lifted first
    this.#setQuota('burst')
    if (this.#freezer === undefined) this.#options.host.launcher.freeze(this.#options.name, true)
    else this.#freezer.write('1')
  }

  thaw(): void {
    if (!this.#frozen) return
    this.#frozen = false
    this.#setQuota(this.#share)
    if (this.#freezer === undefined) this.#options.host.launcher.freeze(this.#options.name, false)
    else this.#freezer.write('0')
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

  usage(): Omit<SandboxUsage, 'tmpBytes'> {
    const pid = this.#pid
    if (pid === undefined) return this.#last
    const own = this.#ownPid(pid)
    if (own !== pid || this.#wrappers === 0) this.#sched ??= new KernelFile(`/proc/${own}/schedstat`)
    const queue = this.#sched?.read() ?? ''
    const peak = this.#peak?.read() ?? ''
    const cpuMs = this.#cpuUsage === undefined ? processCpuMs(own) : this.#cpuTotalMs() - this.#base.cpuMs
    this.#last = {
      cpuMs: Math.max(this.#last.cpuMs, cpuMs),
      throttledMs: this.#throttledTotalMs() - this.#base.throttledMs,
      runQueueMs: queue === '' ? this.#last.runQueueMs : schedstat(queue).waitedMs,
      peakMemoryBytes:
        peak === ''
          ? Math.max(this.#last.peakMemoryBytes, processPeakBytes(own))
          : Number(peak) + this.#options.plan.sharedBytes,
    }
    return this.#last
  }

  /** Whether the kernel ended a process of the group for its memory since the start. */
  wasOutOfMemory(): boolean {
    return this.#oomKills() > this.#base.oomKills
  }

  close(): void {
    for (const file of [this.#quota, this.#freezer, this.#cpuUsage, this.#cpuStat, this.#peak, this.#oom]) {
      file?.close()
    }
    this.#sched?.close()
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
    if (this.#written === share) return
    const { groups, memoryMb, host, name } = this.#options
    if (this.#quota === undefined || groups === undefined) {
      host.launcher.share(name, share === 'burst' ? undefined : memoryMb / MB_OF_ONE_VCPU)
      this.#written = share
    } else if (this.#quota.write(groups.quotaText(share === 'burst' ? undefined : quotaUs(memoryMb)))) {
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

  #oomKills(): number {
    return counter(this.#oom?.read() ?? '', 'oom_kill')
  }
}
