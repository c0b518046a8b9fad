/** The page at `/_windtunnel/` of a platform that runs: what it shows, and that it finds its platform again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { invoke, madeFunction } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { type Browser, type Page, startBrowser, WITHOUT_BROWSER } from './browser.ts'

const skip = WITHOUT_BROWSER
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'windtunnel-console-'))
let browser: Browser | undefined
let on: Platform

before(async () => {
  if (skip !== false) return
  // built here, so that the page under test is that of these sources
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const built = spawnSync(process.execPath, [vite, 'build'], { cwd: join(root, 'console'), encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  on = await platform(['--data', folder])
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  if (skip === false) await on.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function opened(width: number, dark = false): Promise<Page> {
  assert.ok(browser !== undefined)
  const page = await browser.page({ width, height: 900, dark })
  await page.go(`${on.url}/_windtunnel/`)
  await page.until(`document.querySelector('.status.up') !== null`)
  return page
}

const text = async (page: Page, selector: string): Promise<string> =>
  await page.value<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`)

test('the console of an empty platform says what runs, and what to do', { skip }, async () => {
  const page = await opened(1_600)
  assert.match(
    await text(page, '.status'),
    new RegExp(`running at 127\\.0\\.0\\.1:${on.port}, 0\\.1\\.0, native profile`),
  )
  assert.match(await text(page, 'header'), /isolation .*, cpu .*, memory .*, freeze/)
  assert.match(await text(page, '#functions'), /windtunnel deploy/)
  assert.match(await text(page, '#recent-requests'), /Nothing was asked in the last minute/)
  assert.match(await text(page, '#clients'), new RegExp(`AWS_ENDPOINT_URL=${on.url}`))
  const services = await text(page, '#services')
  for (const name of ['lambda', 's3', 'logs', 'cloudformation'])
    assert.match(services, new RegExp(`${name}\\s+\\d+ of \\d+`))
  assert.deepEqual(page.complaints, [])
  assert.ok(
    page.requests.every((url) => url.startsWith(`${on.url}/_windtunnel/`)),
    page.requests.join('\n'),
  )
})

test(
  'an invocation shows within seconds, cold, and opens to its phases by the keyboard',
  { skip },
  async () => {
    const page = await opened(1_600)
    await madeFunction(on, { name: 'hello', code: 'exports.handler = async () => 42' })
    await page.until(`/hello\\s+nodejs24\\.x\\s+256 MB/.test(document.querySelector('#functions').innerText)`)
    assert.equal((await invoke(on, 'hello')).payload, '42')
    await page.until(`/lambda Invoke hello/.test(document.querySelector('#recent-requests').innerText)`)
    await page.until(`/hello\\s+1\\s+0\\s+1\\s/.test(document.querySelector('#last-minute table').innerText)`)
    await page.until(`/1 (frozen|idle)/.test(document.querySelector('#functions').innerText)`)
    const cold = `[...document.querySelectorAll('#recent-requests details')].find((row) => /Invoke hello\\s+cold/.test(row.innerText))`
    await page.value(`${cold}.querySelector('summary').focus()`)
    await page.press('Enter')
    await page.until(`/lambda init/.test(${cold}.innerText)`)
    const bars = await page.value<number[]>(
      `[...${cold}.querySelectorAll('.track i')].map((bar) => bar.getBoundingClientRect().width)`,
    )
    assert.ok(bars.length >= 4 && bars.every((width) => width >= 2), bars.join(' '))
    // what is open stays open, and keeps the focus, while the page looks again
    await invoke(on, 'hello')
    await page.until(
      `document.querySelectorAll('#recent-requests details').length >= 3 && /hello\\s+2\\s/.test(document.querySelector('#last-minute table').innerText)`,
    )
    assert.ok(await page.value(`${cold}.open && ${cold}.contains(document.activeElement)`))
    assert.deepEqual(page.complaints, [])
  },
)

test("a function's error is an error, although Invoke answers 200", { skip }, async () => {
  const page = await opened(1_600)
  await madeFunction(on, { name: 'broken', code: 'exports.handler = async () => { throw new Error() }' })
  assert.equal((await invoke(on, 'broken')).functionError, 'Unhandled')
  await page.until(
    `/lambda Invoke broken\\s+cold\\s+200 function error/.test(document.querySelector('#recent-requests').innerText)`,
  )
  await page.until(`/broken\\s+1\\s+1\\s+1\\s/.test(document.querySelector('#last-minute table').innerText)`)
})

for (const width of [400, 1_600]) {
  for (const dark of [false, true]) {
    test(`the console fits ${width} px, ${dark ? 'dark' : 'light'}`, { skip }, async () => {
      const page = await opened(width, dark)
      await invoke(on, 'hello')
      await page.until(`/Invoke hello/.test(document.querySelector('#recent-requests').innerText)`)
      assert.deepEqual(
        await page.value(`[...document.querySelectorAll('body *')]
          .filter((e) => e.closest('.wide') === null && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .map((e) => e.tagName + ' ' + e.className)`),
        [],
      )
      assert.ok(
        await page.value('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
      )
      assert.ok(
        await page.value(
          `(() => { const canvas = document.querySelector('.plot canvas'); return canvas.width > 200 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0) })()`,
        ),
      )
      assert.deepEqual(page.complaints, [])
    })
  }
}

test('the console says when its platform is gone, and goes on when it is back', { skip }, async () => {
  const page = await opened(1_600)
  const { port } = on
  await on.stop()
  await page.until(
    `/does not answer. Start it with: windtunnel up/.test(document.querySelector('.status.down')?.innerText ?? '')`,
  )
  on = await platform(['--data', folder, '--port', String(port)])
  assert.equal(on.port, port)
  await page.until(`document.querySelector('.status.up') !== null`)
  await page.until(`/hello/.test(document.querySelector('#functions').innerText)`)
  assert.equal((await invoke(on, 'hello')).payload, '42')
  await page.until(`/lambda Invoke hello/.test(document.querySelector('#recent-requests').innerText)`)
})
