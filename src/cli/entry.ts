/**
 * The program: hands the arguments to `main` and ends with its exit code. Compiled code is kept in the cache folder, so
 * that a second start neither strips types nor compiles again; that is half of a start.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from '#cli/cache-folder.ts'

// `windtunnel ... | head` takes what it wants and closes the pipe
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
enableCompileCache(join(cacheFolder(), 'compiled'))
const { main } = await import('#cli/main.ts')
process.exitCode = await main(process.argv.slice(2))
