/**
 * A browser for tests: Debian's Chromium without a window, driven over its DevTools protocol by Node's own WebSocket,
 * so that nothing has to be installed for it. Pages say what they complained of and what they asked the network for.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const START_MS = 30_000
const WAIT_MS = 20_000
/** A machine that is busy with other tests is slow, not broken. */
const ANSWER_MS = 40_000
const END_MS = 5_000

const program = NAMES.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)

/** Why tests of pages are skipped here; false where they are not. */
export const WITHOUT_BROWSER: string | false =
  program === undefined ? `no ${NAMES.join(', ')} on PATH (apt-get install chromium)` : false

export interface View {
  readonly width: number
  readonly height: number
  readonly dark?: boolean
  /** As on paper. */
  readonly print?: boolean
}

type Fields = Readonly<Record<string, unknown>>
type Listener = (method: string, fields: Fields) => void

/** One connection to the browser; sessions are told apart by their id. */
class Connection {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #listeners = new Map<string, Listener>()
  #last = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', (event) => this.#take(String(event.data)))
    socket.addEventListener('close', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the browser has ended'))
      this.#waiting.clear()
    })
  }

  static async to(url: string): Promise<Connection> {
    const socket = new WebSocket(url)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve())
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)))
    })
    return new Connection(socket)
  }

  async ask<T>(method: string, params: Fields = {}, sessionId?: string): Promise<T> {
    const id = ++this.#last
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
    )
    const cut = setTimeout(() => {
      this.#waiting.get(id)?.reject(new Error(`the browser does not answer ${method}`))
      this.#waiting.delete(id)
    }, ANSWER_MS)
    try {
      return (await answer) as T
    } finally {
      clearTimeout(cut)
    }
  }

  listen(sessionId: string, listener: Listener): void {
    this.#listeners.set(sessionId, listener)
  }

  close(): void {
    this.#socket.close()
  }

  #take(text: string): void {
    const said = JSON.parse(text) as {
      id?: number
      result?: unknown
      error?: { message: string }
      method?: string
      params?: Fields
      sessionId?: string
    }
    if (said.id === undefined) {
      this.#listeners.get(said.sessionId ?? '')?.(said.method ?? '', said.params ?? {})
      return
    }
    const waiting = this.#waiting.get(said.id)
    this.#waiting.delete(said.id)
    if (said.error === undefined) waiting?.resolve(said.result)
    else waiting?.reject(new Error(said.error.message))
  }
}

export class Page {
  /** Console errors, uncaught exceptions and what the browser itself complained of. */
  readonly complaints: string[] = []
  /** Every address that was asked for, in order. */
  readonly requests: string[] = []
  readonly #connection: Connection
  readonly #session: string

  constructor(connection: Connection, session: string) {
    this.#connection = connection
    this.#session = session
    connection.listen(session, (method, fields) => this.#hear(method, fields))
  }

  async ask<T>(method: string, params: Fields = {}): Promise<T> {
    return await this.#connection.ask<T>(method, params, this.#session)
  }

  async view({ width, height, dark = false, print = false }: View): Promise<void> {
    await this.ask('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    })
    await this.ask('Emulation.setEmulatedMedia', {
      media: print ? 'print' : '', // not `screen`: a PDF would be of the screen then
      features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
    })
    await this.settled()
  }

  async go(url: string): Promise<void> {
    await this.ask('Page.navigate', { url })
    await this.until(`document.readyState === 'complete' && location.href !== 'about:blank'`)
    await this.settled()
  }

  /** The value of an expression in the page; promises are awaited. */
  async value<T>(expression: string): Promise<T> {
    const answer = await this.ask<{
      result: { value: unknown }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    const { exceptionDetails: thrown } = answer
    if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text)
    return answer.result.value as T
  }

  /** Until the expression holds, looked at between frames; the page may be replaced meanwhile. */
  async until(expression: string, limitMs = WAIT_MS): Promise<void> {
    const cut = performance.now() + limitMs
    while (performance.now() < cut) {
      const look = `new Promise((resolve) => { const began = performance.now(); const look = () => { if (${expression}) resolve(true); else if (performance.now() - began > 1000) resolve(false); else setTimeout(look, 15) }; look() })`
      const holds = await this.value<boolean>(look).catch((error: unknown) => {
        if (/context|navigat|destroyed|null/i.test(String(error))) return false
        throw error
      })
      if (holds) return
    }
    const text = await this.value<string>('document.body.innerText')
    throw new Error(`it never held: ${expression}\n${text.slice(0, 2_000)}\n${this.complaints.join('\n')}`)
  }

  /** The page's own waits after a change of size. A timer: frames stop in a page that is not in front. */
  async settled(): Promise<void> {
    await this.value('new Promise((resolve) => setTimeout(resolve, 300))')
  }

  /** One key, as `event.key` names it. */
  async press(key: string): Promise<void> {
    const codes: Readonly<Record<string, number>> = {
      Tab: 9,
      Enter: 13,
      ' ': 32,
      Home: 36,
      ArrowLeft: 37,
      ArrowRight: 39,
    }
    const common = { key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode: codes[key] ?? 0 }
    const text = key === 'Enter' ? { text: '\r' } : key === ' ' ? { text: ' ' } : {}
    await this.ask('Input.dispatchKeyEvent', { type: 'keyDown', ...common, ...text })
    await this.ask('Input.dispatchKeyEvent', { type: 'keyUp', ...common })
  }

  async type(text: string): Promise<void> {
    await this.ask('Input.insertText', { text })
  }

  /** The whole page as PNG. */
  async picture(): Promise<Buffer> {
    const { cssContentSize: size } = await this.ask<{ cssContentSize: { width: number; height: number } }>(
      'Page.getLayoutMetrics',
    )
    const clip = { x: 0, y: 0, width: size.width, height: Math.min(size.height, 12_000), scale: 1 }
    const { data } = await this.ask<{ data: string }>('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: true,
      clip,
    })
    return Buffer.from(data, 'base64')
  }

  /** The page on A4 as the page's own style says. */
  async pdf(): Promise<Buffer> {
    const { data } = await this.ask<{ data: string }>('Page.printToPDF', {
      preferCSSPageSize: true,
      printBackground: true,
    })
    return Buffer.from(data, 'base64')
  }

  #hear(method: string, fields: Fields): void {
    if (method === 'Network.requestWillBeSent') this.requests.push(String(at(fields, 'request', 'url')))
    else if (method === 'Runtime.exceptionThrown')
      this.complaints.push(JSON.stringify(at(fields, 'exceptionDetails', 'exception')))
    else if (method === 'Runtime.consoleAPICalled' && /error|assert/.test(String(fields['type'])))
      this.complaints.push(JSON.stringify(fields['args']))
    else if (method === 'Log.entryAdded' && at(fields, 'entry', 'level') === 'error')
      this.complaints.push(`${String(at(fields, 'entry', 'text'))} ${String(at(fields, 'entry', 'url'))}`)
  }
}

function at(fields: unknown, ...names: readonly string[]): unknown {
  let found = fields
  for (const name of names) found = (found as Fields | undefined)?.[name]
  return found
}

export class Browser {
  readonly #child: ChildProcess
  readonly #connection: Connection
  readonly #folder: string
  /** One page at a time: what is behind another may stand still. */
  #open: string | undefined

  constructor(child: ChildProcess, connection: Connection, folder: string) {
    this.#child = child
    this.#connection = connection
    this.#folder = folder
  }

  async page(view: View): Promise<Page> {
    const { targetId } = await this.#connection.ask<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
    })
    if (this.#open !== undefined) await this.#connection.ask('Target.closeTarget', { targetId: this.#open })
    this.#open = targetId
    const { sessionId } = await this.#connection.ask<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    })
    const page = new Page(this.#connection, sessionId)
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.ask(`${domain}.enable`)
    await page.view(view)
    return page
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    const cut = setTimeout(() => this.#child.kill('SIGKILL'), END_MS)
    // it may end before it answers
    await this.#connection.ask('Browser.close').catch(() => undefined)
    await ended
    clearTimeout(cut)
    this.#connection.close()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

export async function startBrowser(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-browser-'))
  const child = spawn(
    program ?? 'chromium',
    [
      '--headless=new',
      '--no-sandbox', // root has no user namespace for it; the pages are our own
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      '--no-first-run',
      '--no-proxy-server',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
      `--user-data-dir=${folder}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  const cut = setTimeout(() => child.kill('SIGKILL'), START_MS)
  const said: string[] = []
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      const found = /DevTools listening on (ws:\S+)/.exec(line)
      if (found?.[1] !== undefined) resolve(found[1])
    })
    child.once('exit', () => reject(new Error(`the browser ended:\n${said.join('\n')}`)))
  })
  clearTimeout(cut)
  return new Browser(child, await Connection.to(address), folder)
}
