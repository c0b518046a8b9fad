/**
 * `npm pack` runs this (prepack), in a bare clone too: JavaScript and tables into `dist`, the console into
 * `console/dist`. TypeScript leaves `#x.ts` specifiers alone, and the nearest manifest owns `#`, so `dist` gets a
 * manifest of its own. Plain JavaScript, because the host's Node may be 20.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { say } from '../bin/status.mjs'
import { node24, packages } from '../bin/windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

function step(name, node, args, folder = root) {
  const begun = Date.now()
  const { status, error } = spawnSync(node, args, { cwd: folder, stdio: ['ignore', 2, 2] }) // stdout is npm's
  if (status !== 0) {
    say(`${name} failed${error === undefined ? '' : `: ${error.message}`}`)
    process.exit(1)
  }
  say(`${name} in ${((Date.now() - begun) / 1000).toFixed(1)} s`)
}

/** What the program reads beside its JavaScript: tables, pages, licence notices. */
function copyTables() {
  const tables = readdirSync('src', { recursive: true }).filter((file) =>
    /\.(json|mjs|html|css|txt)$|(^|\/)(LICENSE|NOTICE)[\w-]*$/.test(file),
  )
  for (const file of tables) {
    mkdirSync(dirname(join('dist', file)), { recursive: true })
    cpSync(join('src', file), join('dist', file))
  }
  if (tables.length === 0) {
    say('there are no tables in src: this is no whole clone')
    process.exit(1)
  }
  return tables.length
}

await packages()
const node = await node24()
rmSync('dist', { recursive: true, force: true })
step('JavaScript', node, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module', imports: { '#*.ts': './*.js' } })}\n`)
say(`${copyTables()} tables copied`)
step(
  'console',
  node,
  [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
  join(root, 'console'),
)
