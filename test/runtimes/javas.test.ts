/** Reading what an installed Java says of itself. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { javaAt } from '#host/sandbox/javas.ts'

const OURS = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
const OTHER = process.arch === 'arm64' ? 'amd64' : 'aarch64'

function at(release: string): ReturnType<typeof javaAt> {
  const home = mkdtempSync(join(tmpdir(), 'wt-java-'))
  try {
    mkdirSync(join(home, 'bin'))
    writeFileSync(join(home, 'bin/java'), '')
    writeFileSync(join(home, 'release'), release)
    return javaAt(home)
  } finally {
    rmSync(home, { recursive: true })
  }
}

test('javaAt() reads old and new version numbers from the file release', () => {
  assert.equal(at(`JAVA_VERSION="1.8.0_412"\nOS_ARCH="${OURS}"\n`)?.major, 8)
  assert.equal(at(`IMPLEMENTOR="x"\nJAVA_VERSION="21.0.5"\nOS_ARCH="${OURS}"\n`)?.version, '21.0.5')
  assert.equal(at('JAVA_VERSION="25"\n')?.major, 25)
})

test('javaAt() finds none of another processor, and none without a version', () => {
  assert.equal(at(`JAVA_VERSION="17.0.1"\nOS_ARCH="${OTHER}"\n`), undefined)
  assert.equal(at(`OS_ARCH="${OURS}"\n`), undefined)
})
