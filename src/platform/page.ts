/**
 * The console's files. A package ships them built; in a clone they are built in the background when their sources
 * are newer, and a plain page stands in until then.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import type { HttpResponse } from '#ports/http.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}

/** The page may load nothing but what lies beside it. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

const PLAIN = `<!doctype html><meta charset="utf-8"><title>Windtunnel</title>
<p>The platform runs. Its console is being built; this page looks again in two seconds.</p>
<p><a href="health">health</a>, <a href="environments">environments</a></p>
<meta http-equiv="refresh" content="2">`

export class ConsolePage {
  readonly #folder: string
  #building = false

  constructor(root: string) {
    this.#folder = join(root, 'console')
  }

  async answer(path: string): Promise<HttpResponse> {
    const name = path === '' ? 'index.html' : path
    const file = normalize(join(this.#folder, 'dist', name))
    const inside = file.startsWith(join(this.#folder, 'dist') + '/')
    if (inside && existsSync(file) && statSync(file).isFile())
      return page(200, TYPES[extname(file)] ?? 'application/octet-stream', await readFile(file))
    if (path === '') return page(200, 'text/html; charset=utf-8', PLAIN)
    return page(404, 'text/plain; charset=utf-8', `There is no /_windtunnel/${path}.\n`)
  }

  /** Starts a build when there are sources newer than what is built. Never waited for; a failed build leaves the plain page. */
  refresh(): void {
    const sources = join(this.#folder, 'src')
    const vite = join(this.#folder, '..', 'node_modules', 'vite', 'bin', 'vite.js')
    if (this.#building || !existsSync(sources) || !existsSync(vite)) return
    const newest = Math.max(...readdirSync(sources).map((name) => statSync(join(sources, name)).mtimeMs))
    const built = statSync(join(this.#folder, 'dist', 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (built > newest) return
    this.#building = true
    const child = spawn(process.execPath, [vite, 'build'], { cwd: this.#folder, stdio: 'ignore' })
    child.on('error', () => (this.#building = false))
    child.on('exit', () => (this.#building = false))
    child.unref()
  }
}

function page(status: number, type: string, body: Uint8Array | string): HttpResponse {
  return {
    status,
    headers: [
      ['Content-Type', type],
      ['Content-Security-Policy', POLICY],
      ['X-Content-Type-Options', 'nosniff'],
    ],
    body,
  }
}
