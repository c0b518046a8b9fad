/**
 * Limits for machines whose control groups are not ours to write: CPU shares by stopping and continuing a tree of
 * processes, memory by looking at its resident set, freezing by SIGSTOP. Good to some ten per cent, and it costs CPU itself;
 * whoever reads figures is told (modes of the sandboxes port).
 */
import { readFileSync, readdirSync } from 'node:fs'
import { killTree, signal, treeOf } from './processes.mjs'

const TICK_MS = 4
/** CPU time that may be saved up, as one period of the kernel's own quota would give. */
const PERIOD_MS = 20
const MEMORY_EVERY_MS = 20
const PAGE_BYTES = 4_096

/** `send` reports throttled time to the platform. */
export const governor = (send) => new Governor(send)

/** Processes of the function, without those that stand around it. */
const processes = (job) => (job.pid === undefined ? [] : treeOf(job.pid).slice(job.wrappers))

/** Holds a tree for one more reason: a share that is used up, or a freeze. */
function stop(state, reason) {
  state[reason] = true
  if (state.held) return
  state.held = true
  let count = -1
  for (let pids = processes(state.job); pids.length !== count; pids = processes(state.job)) {
    count = pids.length // what forked meanwhile is stopped in the next round
    for (const pid of pids) signal(pid, 'SIGSTOP')
  }
}

function go(state, reason) {
  state[reason] = false
  if (!state.held || state.frozen || state.throttled) return
  state.held = false
  for (const pid of processes(state.job).toReversed()) signal(pid, 'SIGCONT')
}

class Governor {
  #send
  #watched = new Map()
  #timer

  constructor(send) {
    this.#send = send
  }

  watch(job) {
    const held = { frozen: false, throttled: false, held: false }
    this.#watched.set(job.id, { job, quota: undefined, ...held, credit: 0, memoryAt: 0 })
    if (!job.governed.cpu && job.governed.memoryBytes === undefined) return
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }

  /** A share in cores from now on; undefined for as much as there is. */
  share(job, quota) {
    const state = job === undefined ? undefined : this.#watched.get(job.id)
    if (state === undefined) return
    state.quota = quota
    state.credit = PERIOD_MS * (quota ?? 0)
    state.at = performance.now()
    state.used = cpuMs(processes(state.job))
    if (quota === undefined && state.throttled) go(state, 'throttled')
  }

  freeze(job, frozen) {
    const state = job === undefined ? undefined : this.#watched.get(job.id)
    if (state === undefined) return
    if (frozen) stop(state, 'frozen')
    else go(state, 'frozen')
  }

  #tick() {
    const now = performance.now()
    for (const [id, state] of this.#watched) {
      if (state.job.ended) this.#watched.delete(id)
      else if (!state.frozen) {
        if (state.quota !== undefined) this.#keepShare(state, now)
        keepMemory(state, now)
      }
    }
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #keepShare(state, now) {
    const used = cpuMs(processes(state.job))
    const gained = (now - state.at) * state.quota
    const spent = Math.max(0, used - state.used)
    state.credit = Math.min(PERIOD_MS * state.quota, state.credit + gained - spent)
    state.used = used
    state.at = now
    if (state.throttled) {
      if (state.credit <= 0) return
      this.#send({ op: 'throttled', id: state.job.id, ms: now - state.throttledAt })
      go(state, 'throttled')
    } else if (state.credit < 0) {
      state.throttledAt = now
      stop(state, 'throttled')
    }
  }
}

function keepMemory(state, now) {
  const limit = state.job.governed.memoryBytes
  if (limit === undefined || now - state.memoryAt < MEMORY_EVERY_MS) return
  state.memoryAt = now
  if (residentBytes(processes(state.job)) <= limit) return
  state.job.oomKilled = true
  killTree(state.job)
}

function cpuMs(pids) {
  let ns = 0
  for (const pid of pids) {
    try {
      for (const task of readdirSync(`/proc/${pid}/task`)) {
        ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ', 1)[0])
      }
    } catch {
      // it has ended meanwhile
    }
  }
  return ns / 1e6
}

function residentBytes(pids) {
  let pages = 0
  for (const pid of pids) {
    try {
      pages += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ', 2)[1])
    } catch {
      // it has ended meanwhile
    }
  }
  return pages * PAGE_BYTES
}
