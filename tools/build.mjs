// `npm pack` runs this: JavaScript and tables into `dist`, the console into `console/dist`. TypeScript leaves
// `#x.ts` specifiers alone, and the nearest manifest owns `#`, so `dist` gets a manifest of its own.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, node24 } from '../bin/windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

function step(name, program, args, options = {}) {
  const started = Date.now()
  const run = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (run.status !== 0) {
    process.stderr.write(`${name} failed\n`)
    process.exit(1)
  }
  process.stderr.write(`${name} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

installPackages()
const node = await node24()
rmSync('dist', { recursive: true, force: true })
step('emit', 'node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'])
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module', imports: { '#*.ts': './*.js' } })}\n`)
const data = readdirSync('src', { recursive: true }).filter((file) => /\.(json|mjs|html|css)$/.test(file))
for (const file of data) {
  const to = join('dist', file)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join('src', file), to)
}
if (existsSync('console/vite.config.ts'))
  step('console', node, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: 'console' })
