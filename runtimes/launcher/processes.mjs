/**
 * Process trees and control groups as the launcher handles them: find, signal, kill, remove. Everything here is
 * synchronous and reads /proc or writes group files; which groups there are is decided by the platform.
 */
import { readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'

/** Removes the folders; true when all are gone. Whatever still runs in them is killed. */
export function removeGroups(folders) {
  let gone = true
  for (const folder of folders) {
    try {
      rmdirSync(folder)
    } catch (error) {
      if (error.code === 'ENOENT') continue
      gone = false
      for (const pid of pidsIn(folder)) signal(pid, 'SIGKILL')
    }
  }
  return gone
}

/** The groups below a folder of ours. */
export function groupsIn(base) {
  try {
    const entries = readdirSync(base, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${base}/${entry.name}`)
  } catch {
    return [] // it is gone
  }
}

function pidsIn(folder) {
  return read(`${folder}/cgroup.procs`)
    .split('\n')
    .filter((line) => line !== '' && line !== '0')
    .map(Number)
}

function read(file) {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // the process or group is gone
  }
}

export function signal(pid, name) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error
  }
}

/** Children of all threads of a process. */
export function childrenOf(pid) {
  let tasks = []
  try {
    tasks = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  return tasks.flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`)
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  )
}

/** The process and all below it, parents first. */
export function treeOf(pid) {
  const found = [pid]
  for (let at = 0; at < found.length && found.length < 5_000; at++) found.push(...childrenOf(found[at]))
  return found
}

/** The function's own process: below bubblewrap and its init, or below unshare, and what runs extensions beside it; else the process itself. */
export function innermost(job) {
  let pid = job.pid
  const levels = job.wrappers + (job.supervised ? 1 : 0)
  for (let level = 0; level < levels; level++) {
    const child = childrenOf(pid)[0]
    if (child === undefined) break
    pid = child
  }
  return pid
}

/** Ends a tree at once. With a pid namespace its first process takes all others along. */
export function killTree(job) {
  const head = job.killFrom === 'child' ? childrenOf(job.pid)[0] : job.wrappers > 0 ? job.pid : undefined
  if (head !== undefined) {
    signal(head, 'SIGKILL')
    return
  }
  for (const folder of job.berth.folders) {
    try {
      writeFileSync(`${folder}/cgroup.kill`, '1')
    } catch {
      // only version 2 has it
    }
  }
  signal(-job.pid, 'SIGKILL') // it leads a group of its own
  for (let round = 0; round < 20; round++) {
    const pids = [...treeOf(job.pid), ...job.berth.folders.flatMap(pidsIn)]
    for (const pid of pids) signal(pid, 'SIGKILL')
    if (pids.length <= 1) break
  }
  if (job.uid !== undefined) killUsers(new Set([job.uid]))
}

/** What left the tree but kept the environment's own user. */
export function killUsers(uids) {
  for (let round = 0; round < 20; round++) {
    const living = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isAliveOf(uids, name))
    if (living.length === 0) return
    for (const pid of living) signal(Number(pid), 'SIGKILL')
  }
}

function isAliveOf(uids, pid) {
  const status = read(`/proc/${pid}/status`)
  return uids.has(Number(/^Uid:\t(\d+)/m.exec(status)?.[1])) && !/^State:\t[ZX]/m.test(status)
}

/** SIGTERM to the function's own process, SIGKILL to the tree when the grace is over. */
export function endTree(job, graceMs) {
  if (graceMs <= 0) {
    killTree(job)
    return
  }
  signal(innermost(job), 'SIGTERM')
  setTimeout(() => {
    if (job.pid !== undefined) killTree(job)
  }, graceMs)
}
