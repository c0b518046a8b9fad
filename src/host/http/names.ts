/** Names in heads of requests and answers: those of headers, and the host's. Few are ever seen, and these are remembered. */

/** Header names as clients write them, and in lower case: there are few. */
const lowerNames = new Map<string, string>()
const LOWER_NAMES_MAX = 1_000

export function lowerName(name: string): string {
  const known = lowerNames.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (lowerNames.size < LOWER_NAMES_MAX && name.length <= 64) lowerNames.set(name, lower)
  return lower
}

/** Pairs of a head as they came, one after the other, with names in lower case and repetitions joined. */
export function flat(raw: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = lowerName(raw[i] ?? '')
    if (name === '__proto__') continue
    const value = raw[i + 1] ?? ''
    out[name] = Object.hasOwn(out, name) ? `${out[name]}${name === 'cookie' ? '; ' : ', '}${value}` : value
  }
  return out
}

export function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? ''])
  return out
}

/** The same client asks again and again: the last host is remembered. */
let lastHost = { hostPort: '', host: '' }

export function hostOf(hostPort: string): string {
  if (hostPort !== lastHost.hostPort)
    lastHost = { hostPort, host: hostPort.replace(/:\d+$/, '').toLowerCase() }
  return lastHost.host
}
