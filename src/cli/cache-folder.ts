/** Where fetched runtimes, SDKs and built packages lie: outside any clone, shared by all platforms of this user. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** `bin/windtunnel.mjs` says the same. Source: XDG base directory specification: empty and relative ones do not count. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { WINDTUNNEL_CACHE: own = '', XDG_CACHE_HOME: shared = '' } = env
  if (own !== '') return own
  return join(isAbsolute(shared) ? shared : join(homedir(), '.cache'), 'windtunnel')
}
