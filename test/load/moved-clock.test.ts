/** A flight bills its own requests and no others, whatever the platform's clock says. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { FlightReport } from '#lab/report.ts'
import { madeFunction } from '../support/aws.ts'
import { windtunnel } from '../support/command.ts'
import { platform } from '../support/platform.ts'

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-moved-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const FLIGHT = `
name: moved
load: [{ constant: { rate: 20, duration: 1s } }]
targets: [{ function: nothing }]
`

test('flights on a clock that was moved, or stands, bill their own requests only', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  const flown = async (): Promise<string | undefined> => {
    const { out, err } = await windtunnel(['load', 'flight.yaml', '--json', '--endpoint', on.url], {
      cwd: folder,
    })
    assert.notEqual(out, '', err)
    const { bill } = JSON.parse(out) as FlightReport
    return bill.lines.find((line) => line.service === 'lambda' && line.dimension === 'requests')?.quantity
  }
  const clock = async (...action: readonly string[]): Promise<void> => {
    const { code, err } = await windtunnel(['clock', ...action, '--endpoint', on.url])
    assert.equal(code, 0, err)
  }
  try {
    writeFileSync(join(folder, 'flight.yaml'), FLIGHT)
    await madeFunction(on, { name: 'nothing', code: 'exports.handler = async () => 1' })
    await clock('advance', '15m')
    assert.equal(await flown(), '20')
    assert.equal(await flown(), '20')
    await clock('freeze')
    assert.equal(await flown(), '20')
    assert.equal(await flown(), '20')
  } finally {
    assert.equal(await on.stop(), 0)
  }
})
