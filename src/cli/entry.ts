/**
 * The program: hands the arguments to `main` and ends with its exit code. Compiled code is kept in the cache folder, so
 * that a second start neither strips types nor compiles again; that is half of a start.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from '#cli/cache-folder.ts'
import { EXIT } from '#cli/command.ts'

// `windtunnel ... | head` takes what it wants and closes the pipe
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
enableCompileCache(join(cacheFolder(), 'compiled'))
const { main } = await import('#cli/main.ts')
const code = await main(process.argv.slice(2))
if (code === EXIT.ok) process.exitCode = code
else {
  // what was cut short, or half begun, is not waited for; what was printed is
  for (const stream of [process.stdout, process.stderr])
    await new Promise((written) => stream.write('', written))
  process.exit(code)
}
