/** The first lines a platform is announced with: version, how soon it was ready, where it answers, what it can confine. */
import { stringAt } from '#base/json.ts'

export interface Ready {
  readonly version: string
  readonly url: string
  readonly readyMs: number
  /** As `/_windtunnel/health` names them. */
  readonly modes: unknown
}

/** One line where the terminal is wide enough, else two. */
export function readyLines({ version, url, readyMs, modes }: Ready, width: number): string[] {
  const ready = `windtunnel ${version}   ready in ${(readyMs / 1_000).toFixed(2)} s   ${url}`
  const active = ['isolation', 'cpu', 'memory', 'freeze']
    .map((name) => `${name === 'cpu' ? 'CPU' : name} ${stringAt(modes, name) ?? 'unknown'}`)
    .join(', ')
  const one = `${ready}   ${active}`
  return one.length <= width ? [one] : [ready, `  ${active}`]
}
