/** Where fetched runtimes, SDKs and built packages lie: outside any clone, shared by all platforms of this user. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export function cacheFolder(): string {
  return (
    process.env['WINDTUNNEL_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'windtunnel')
  )
}
