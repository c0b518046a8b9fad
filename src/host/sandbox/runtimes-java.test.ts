/** The heap that a Java function gets by its memory, and which Java stands in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { javaFor } from '#host/sandbox/javas.ts'
import { heapKb } from '#host/sandbox/runtimes-java.ts'

test('heapKb() gives what command lines of real functions show, and never more than the memory', () => {
  assert.equal(heapKb(512), 445_645)
  assert.equal(heapKb(3_008), 2_834_432)
  for (let memoryMb = 128; memoryMb <= 10_240; memoryMb += 64) assert.ok(heapKb(memoryMb) < memoryMb * 1_024)
})

test('javaFor() takes that version, else the next newer one, and never an older one', () => {
  const found = [11, 17, 25].map((major) => ({ home: '', major, version: `${major}.0.1` }))
  assert.equal(javaFor(found, 17)?.major, 17)
  assert.equal(javaFor(found, 8)?.major, 11)
  assert.equal(javaFor(found, 21)?.major, 25)
  assert.equal(javaFor(found, 26), undefined)
})
