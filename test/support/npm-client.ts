/**
 * Clients that come from npm, in versions that are pinned here: installed once, without their scripts, into the cache
 * folder and used from there by every run. What npm cannot bring is a reason to skip.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '#cli/cache-folder.ts'
import { run } from './command.ts'

export type Installed =
  | { readonly kind: 'there'; readonly folder: string }
  | { readonly kind: 'missing'; readonly reason: string }

const INSTALL_MS = 300_000

/** The folder whose node_modules has these packages, each `name@version`. */
export async function npmClient(name: string, packages: readonly string[]): Promise<Installed> {
  const versions = packages.map((one) => one.slice(one.lastIndexOf('@') + 1)).join('-')
  const folder = join(cacheFolder(), 'test-clients', `${name}-${versions}`)
  if (existsSync(folder)) return { kind: 'there', folder }
  const making = `${folder}.${process.pid}`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true })
  writeFileSync(join(making, 'package.json'), '{"private":true}\n')
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...packages]
  const installed = await run('npm', words, { cwd: making, limitMs: INSTALL_MS })
  if (installed.code !== 0) {
    rmSync(making, { recursive: true, force: true })
    const why = `${installed.err}${installed.out}`.trim().split('\n').at(-1) ?? ''
    return { kind: 'missing', reason: `npm cannot install ${packages.join(' ')} here: ${why.slice(0, 200)}` }
  }
  try {
    renameSync(making, folder)
  } catch (error) {
    // another run was first
    if (!existsSync(folder)) throw error
    rmSync(making, { recursive: true, force: true })
  }
  return { kind: 'there', folder }
}
