/**
 * The platform must not outlive who started it: a killed terminal, npm or test run takes it along. The bootstrap says
 * who that was; where it stays as our parent it also holds the other end of a pipe. Not here: signals, which the
 * commands handle themselves, and what they do at the end.
 */
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'

/** How often the starters are looked at; it costs two small reads. */
const POLL_MS = 250

/** Holds as long as the starter lives: an orphan gets another parent. */
interface Link {
  readonly child: number
  readonly parent: number
}

/**
 * Calls `gone` once when one of the starters has ended. Returns how to stop watching. What the bootstrap left in the
 * environment is taken out of it: processes that we start have other parents.
 */
export function watchParent(environment: Record<string, string | undefined>, gone: () => void): () => void {
  const pipe = environment['WINDTUNNEL_PARENT_PIPE']
  const startedBy = environment['WINDTUNNEL_STARTED_BY']
  delete environment['WINDTUNNEL_PARENT_PIPE']
  delete environment['WINDTUNNEL_STARTED_BY']
  if (environment['WINDTUNNEL_OUTLIVE_PARENT'] !== undefined) return () => undefined
  const ending = new AbortController()
  const ended = (): void => {
    if (ending.signal.aborted) return
    ending.abort()
    gone()
  }
  watchLinks(linksOf(startedBy), ended, ending.signal)
  if (pipe !== undefined) watchPipe(Number(pipe), ended, ending.signal)
  return () => ending.abort()
}

/** `child:parent,...` as the bootstrap writes it; without it the parent of this moment counts. */
function linksOf(startedBy: string | undefined): readonly Link[] {
  const given = [...(startedBy ?? '').matchAll(/(\d+):(\d+)/g)]
  if (given.length === 0) return [{ child: process.pid, parent: process.ppid }]
  return given.map(([, child, parent]) => ({ child: Number(child), parent: Number(parent) }))
}

function watchLinks(links: readonly Link[], ended: () => void, stop: AbortSignal): void {
  const timer = setInterval(() => {
    if (!links.every(holds)) ended()
  }, POLL_MS)
  timer.unref()
  stop.addEventListener('abort', () => clearInterval(timer))
}

function holds({ child, parent }: Link): boolean {
  if (child === process.pid) return process.ppid === parent
  if (process.platform !== 'linux') return isAlive(child) && isAlive(parent)
  try {
    const status = readFileSync(`/proc/${child}/stat`, 'latin1')
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent
  } catch {
    return false // it has ended
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** As a socket, not as a file: a file's pending read would hold a thread, and the process at its end. */
function watchPipe(descriptor: number, ended: () => void, stop: AbortSignal): void {
  const end = new Socket({ fd: descriptor, readable: true, writable: false })
  end.on('end', ended)
  end.on('error', ended)
  end.resume()
  end.unref()
  stop.addEventListener('abort', () => end.destroy())
}
