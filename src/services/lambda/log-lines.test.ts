/** Lambda's own lines against recorded ones, as text and as JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import { type Report, type SystemLine, levelOf, systemJson, systemText } from '#services/lambda/log-lines.ts'

const report: Report = {
  requestId: 'id',
  durationMs: 3.014,
  billedMs: 4,
  memoryMb: 128,
  maxMemoryMb: 36,
  initMs: 110.1,
}

test('systemText() prints the lines that AWS was recorded to print', () => {
  const lines: [SystemLine, string][] = [
    [
      {
        kind: 'init-start',
        phase: 'init',
        version: 'python:3.10.v11',
        versionArn: 'arn:aws:lambda:r::runtime:h',
      },
      'INIT_START Runtime Version: python:3.10.v11\tRuntime Version ARN: arn:aws:lambda:r::runtime:h\n',
    ],
    [{ kind: 'start', requestId: 'id', version: '7' }, 'START RequestId: id Version: 7\n'],
    [{ kind: 'end', requestId: 'id' }, 'END RequestId: id\n'],
    [
      { kind: 'report', report },
      'REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n',
    ],
    [
      { kind: 'report', report: { ...report, initMs: undefined, ending: { kind: 'timeout' } } },
      'REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tStatus: timeout\n',
    ],
    [
      {
        kind: 'report',
        report: { ...report, initMs: undefined, trace: { traceId: '1-a-b', segmentId: 's' } },
      },
      'REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\nXRAY TraceId: 1-a-b\tSegmentId: s\tSampled: true\t\n',
    ],
    [
      { kind: 'init-report', phase: 'init', initMs: 1_236.04, ending: { kind: 'timeout' } },
      'INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout\n',
    ],
  ]
  for (const [line, expected] of lines) assert.equal(systemText(line, 'on-demand'), expected)
})

test('systemJson() makes platform events, and none of END', () => {
  const at = instant(1_790_000_000_000)
  assert.equal(systemJson({ kind: 'end', requestId: 'id' }, at, 'on-demand'), undefined)
  assert.equal(
    systemJson(
      { kind: 'report', report: { ...report, ending: { kind: 'error', errorType: 'Runtime.ExitError' } } },
      at,
      'on-demand',
    ),
    '{"time":"2026-09-21T14:13:20.000Z","type":"platform.report","record":{"requestId":"id","metrics":{"durationMs":3.014,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":110.1},"status":"error","errorType":"Runtime.ExitError"}}\n',
  )
})

test('systemText() of an init that went well is for environments that nobody waited for', () => {
  const line = { kind: 'init-report', phase: 'init', initMs: 9_908.09, ending: undefined } as const
  assert.equal(systemText(line, 'on-demand'), undefined)
  assert.equal(systemText(line, 'provisioned-concurrency'), 'INIT_REPORT Init Duration: 9908.09 ms\t\n')
  const json = systemJson(line, instant(1_790_000_000_000), 'provisioned-concurrency') ?? ''
  assert.match(json, /"initializationType":"provisioned-concurrency","phase":"init","status":"success"/)
})

test('levelOf() makes a warning of what did not end well, and details of what did', () => {
  const timeout = { kind: 'timeout' } as const
  const init = { kind: 'init-report', phase: 'init', initMs: 1 } as const
  const done = { kind: 'runtime-done', requestId: 'id', durationMs: 1, producedBytes: 2 } as const
  const cases = [
    [{ kind: 'start', requestId: 'id', version: '7' }, 'INFO'],
    [{ kind: 'report', report }, 'INFO'],
    [{ kind: 'report', report: { ...report, ending: timeout } }, 'WARN'],
    [{ ...init, ending: undefined }, 'DEBUG'],
    [{ ...init, ending: timeout }, 'WARN'],
    [{ ...done, ending: undefined }, 'DEBUG'],
    [{ ...done, ending: timeout }, 'WARN'],
  ] as const
  for (const [line, expected] of cases) assert.equal(levelOf(line, 'on-demand'), expected)
  assert.equal(levelOf({ ...init, ending: undefined }, 'provisioned-concurrency'), 'INFO')
})
