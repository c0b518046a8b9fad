/**
 * The HTML report in a real browser: telephone and wide screen, light and dark, keyboard and paper. The flights are
 * made up, so that a failure is the page's.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chartLibrary } from '#cli/report.ts'
import { compareReports } from '#lab/compare.ts'
import { madeUp, THREE_ROUTES } from '#lab/fake-flight.ts'
import { htmlOf } from '#lab/html.ts'
import { reportOf } from '#lab/result.ts'
import { type Browser, type Page, startBrowser, WITHOUT_BROWSER } from './browser.ts'

const skip = WITHOUT_BROWSER
const folder = mkdtempSync(join(tmpdir(), 'windtunnel-report-'))
let browser: Browser | undefined

/** An ordinary flight, one with everything that can go wrong drawn over it, and one that nobody answered. */
function pages(): Readonly<Record<string, string>> {
  const first = reportOf(madeUp(THREE_ROUTES))
  const worse = reportOf(
    madeUp(
      [
        ...THREE_ROUTES,
        { name: `GET /${'very/long/'.repeat(12)}path`, functionName: 'f'.repeat(64), n: 400, cold: 40 },
      ].map((route) => ({
        ...route,
        n: route.n * 3,
        downstream: { each: 40, ms: 30 },
        failEach: 97,
        throttleEach: 201,
        timeoutEach: 399,
      })),
      {
        warnings: ['A warning that says something at length, so that it has to break somewhere in the line.'],
      },
    ),
  )
  const compared = compareReports(first, worse)
  assert.ok(compared.ok)
  const { result } = madeUp(THREE_ROUTES)
  const unanswered = madeUp(THREE_ROUTES, {
    spans: [],
    usage: [],
    result: { ...result, samples: result.samples.map((one) => ({ ...one, outcome: 'refused', status: 0 })) },
  })
  return {
    ordinary: htmlOf(first, chartLibrary()),
    compared: htmlOf(worse, chartLibrary(), { report: first, compared: compared.value }),
    unanswered: htmlOf(reportOf(unanswered), chartLibrary()),
  }
}

const addressOf = (name: string): string => pathToFileURL(join(folder, `${name}.html`)).href

async function opened(name: string, width: number, dark: boolean): Promise<Page> {
  assert.ok(browser !== undefined)
  const page = await browser.page({ width, height: 900, dark })
  await page.go(addressOf(name))
  return page
}

/** What reaches beyond the page and does not scroll in a box of its own. */
const OVERFLOWING = `[...document.querySelectorAll('body *')]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && e.closest('.wide, .patterns') === null)
  .slice(0, 5).map((e) => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 60))`

before(async () => {
  if (skip !== false) return
  for (const [name, html] of Object.entries(pages())) writeFileSync(join(folder, `${name}.html`), html)
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true })
})

for (const name of ['ordinary', 'compared', 'unanswered']) {
  for (const width of [400, 1_600]) {
    for (const dark of [false, true]) {
      const title = `the ${name} report fits ${width} px, ${dark ? 'dark' : 'light'}, asks for nothing and complains of nothing`
      test(title, { skip }, async () => {
        const page = await opened(name, width, dark)
        assert.deepEqual(await page.value(OVERFLOWING), [])
        assert.ok(
          await page.value('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
        )
        assert.deepEqual(page.complaints, [])
        assert.deepEqual([...new Set(page.requests)], [addressOf(name)])
      })
    }
  }
}

test('text of the report stands out from its ground by 4.5 to 1, light and dark', { skip }, async () => {
  for (const dark of [false, true]) {
    const page = await opened('compared', 1_600, dark)
    const faint = await page.value<string[]>(`(() => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      const light = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => { const s = v / 255; return s <= .03928 ? s / 12.92 : ((s + .055) / 1.055) ** 2.4; });
        return .2126 * r + .7152 * g + .0722 * b; };
      const ground = light(getComputedStyle(document.body).backgroundColor);
      return [...document.querySelectorAll('p, td, th button, dt, dd, summary, code, .tick, .side, .axis span, .lane-name')]
        .filter((e) => e.textContent.trim() !== '')
        .filter((e) => { const own = light(getComputedStyle(e).color); return (Math.max(own, ground) + .05) / (Math.min(own, ground) + .05) < 4.5; })
        .map((e) => e.tagName + ' ' + e.className + ' ' + getComputedStyle(e).color);
    })()`)
    assert.deepEqual([...new Set(faint)], [], dark ? 'dark' : 'light')
  }
})

test('plots are drawn, with axes that rise and names that do not run into each other', { skip }, async () => {
  for (const width of [400, 1_600]) {
    const page = await opened('ordinary', width, false)
    assert.equal(await page.value(`document.querySelectorAll('.plot canvas').length`), 3)
    const inked = await page.value<boolean[]>(`[...document.querySelectorAll('.plot canvas')].map((canvas) =>
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))`)
    assert.deepEqual(inked, [true, true, true])
    const distributions = await page.value<{ ticks: string[]; bars: number; clash: string[] }[]>(
      `[...document.querySelectorAll('.distribution')].map((plot) => {
        const boxes = (selector) => [...plot.querySelectorAll(selector)].filter((e) => parseFloat(getComputedStyle(e).fontSize) > 0).map((e) => { const range = document.createRange(); range.selectNodeContents(e); return [e.textContent, range.getBoundingClientRect()]; });
        const clash = [];
        for (const selector of ['.tick', '.side', '.mark b']) { const all = boxes(selector);
          for (const [a, x] of all) for (const [b, y] of all) if (a < b && x.left < y.right && y.left < x.right && x.top < y.bottom - 2 && y.top < x.bottom - 2) clash.push(a + ' on ' + b); }
        return { ticks: boxes('.tick').map(([text]) => text), bars: plot.querySelectorAll('i').length, clash };
      })`,
    )
    assert.equal(distributions.length, 3)
    for (const { ticks, bars, clash } of distributions) {
      assert.ok(bars >= 2, `${bars} bars`)
      assert.deepEqual(clash, [], `at ${width} px`)
      const values = ticks.map((tick) => Number.parseFloat(tick))
      assert.ok(values.length >= 1)
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
      )
    }
  }
})

test(
  'tables, marks, requests and the volume are reached and worked with the keyboard alone',
  { skip },
  async () => {
    const page = await opened('ordinary', 1_600, false)
    const seen = new Map<string, number>()
    for (let i = 0; i < 120; i++) {
      await page.press('Tab')
      const at = await page.value<string>(
        `(() => { const e = document.activeElement; return e === document.body ? '' : e.className.split(' ')[0] || e.id || e.tagName })()`,
      )
      if (at === '') break
      seen.set(at, (seen.get(at) ?? 0) + 1)
    }
    for (const control of ['BUTTON', 'mark', 'SUMMARY', 'monthly'])
      assert.ok(seen.has(control), `${control} of ${[...seen.keys()].join(', ')}`)

    await page.value(`document.querySelector('#routes th:nth-child(11) button').focus()`)
    await page.press('Enter')
    const colds = await page.value<number[]>(
      `[...document.querySelectorAll('#routes tbody td:nth-child(11)')].map((cell) => Number(cell.textContent))`,
    )
    assert.deepEqual(colds, [31, 18, 7, 6])

    await page.value(`document.querySelector('.mark[data-name=max]').focus()`)
    const before = await page.value<string>(`document.querySelector('#traces-0').textContent`)
    for (let i = 0; i < 20; i++) await page.press('ArrowLeft')
    const moved = await page.value<string>(`document.querySelector('#traces-0').textContent`)
    assert.notEqual(moved, before)
    assert.match(moved, /^From [\d.]+ ms up: \d+ requests, \d+ of them cold/)
    await page.press('Home')
    assert.equal(await page.value(`document.querySelector('#traces-0').textContent`), before)

    await page.value(`document.querySelector('#slowest details:nth-of-type(2) summary').focus()`)
    await page.press('Enter')
    assert.ok(
      await page.value(`document.querySelector('#slowest details:nth-of-type(2) .track').clientWidth > 100`),
    )

    await page.value(
      `document.querySelector('#monthly').select(), document.querySelector('#monthly').focus()`,
    )
    await page.type('50000000')
    assert.match(
      await page.value<string>(`document.querySelector('#monthly-usd').textContent`),
      /^\$[\d,.]+ a month: /,
    )
  },
)

test('on A4 nothing is cut off and every section is there', { skip }, async () => {
  assert.ok(browser !== undefined)
  for (const name of ['ordinary', 'compared']) {
    // 210 mm less two margins of 13 mm, at 96 px an inch
    const page = await browser.page({ width: 695, height: 1_024, dark: true, print: true })
    await page.go(addressOf(name))
    await page.value(`dispatchEvent(new Event('beforeprint'))`)
    await page.settled()
    const cut = await page.value<string[]>(`[...document.querySelectorAll('body *')]
      .filter((e) => e.closest('.patterns') === null && e.getClientRects().length > 0)
      .filter((e) => e.getBoundingClientRect().right > 696 || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible'))
      .slice(0, 8).map((e) => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 60))`)
    assert.deepEqual(cut, [], name)
    assert.equal(await page.value(`getComputedStyle(document.body).backgroundColor`), 'rgb(255, 255, 255)')
    await page.value(`dispatchEvent(new Event('afterprint'))`)

    const paper = await opened(name, 1_600, true)
    const pdf = (await paper.pdf()).toString('latin1')
    const sheets = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0
    assert.ok(sheets >= 2 && sheets <= 12, `${sheets} sheets`)
    for (const [, width, height] of pdf.matchAll(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/g)) {
      assert.ok(
        Math.abs(Number(width) - 595) < 2 && Math.abs(Number(height) - 842) < 2,
        `${width} x ${height}`,
      )
    }
  }
})
