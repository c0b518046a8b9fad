/**
 * The platform must not outlive who started it: a killed terminal, npm or test run takes it along. The bootstrap
 * that starts us as a child holds the other end of a pipe; otherwise the parent's id is watched.
 */
import { createReadStream } from 'node:fs'

/** How often the parent's id is read; it costs a system call. */
const POLL_MS = 250

/** Calls `gone` once when the parent has ended. Returns how to stop watching. */
export function watchParent(
  environment: Readonly<Record<string, string | undefined>>,
  gone: () => void,
): () => void {
  if (environment['WINDTUNNEL_OUTLIVE_PARENT'] !== undefined) return () => undefined
  const pipe = environment['WINDTUNNEL_PARENT_PIPE']
  if (pipe !== undefined) return watchPipe(Number(pipe), gone)
  const parent = process.ppid
  if (parent <= 1) return () => undefined
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function watchPipe(descriptor: number, gone: () => void): () => void {
  const end = createReadStream('', { fd: descriptor, autoClose: false })
  let watching = true
  const ended = (): void => {
    if (watching) gone()
    watching = false
  }
  end.on('end', ended)
  end.on('error', ended)
  end.resume()
  return () => {
    watching = false
    end.destroy()
  }
}
