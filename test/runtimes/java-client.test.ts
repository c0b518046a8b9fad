/** Bringing AWS's client for Java: what is said without Maven, and that nothing but the pinned jars is taken. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Trouble } from '#base/trouble.ts'
import { javaClient } from '#host/sandbox/java-client.ts'

const skip = process.platform === 'linux' ? false : 'the client has a native half for Linux only'

/** On a machine whose home and programs are these; gives back what went wrong, and what is in the cache then. */
async function bringing(
  programs: Readonly<Record<string, string>>,
): Promise<{ error: unknown; left: string[] }> {
  const home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  const { HOME, PATH } = process.env
  try {
    // a jar that another has put where Maven keeps them
    const kept = join(home, '.m2/repository/com/amazonaws/aws-lambda-java-core/1.4.0')
    mkdirSync(kept, { recursive: true })
    writeFileSync(join(kept, 'aws-lambda-java-core-1.4.0.jar'), 'not it')
    mkdirSync(join(home, 'bin'))
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(home, 'bin', name), text, { mode: 0o755 })
    process.env['HOME'] = home
    process.env['PATH'] = join(home, 'bin')
    const cacheFolder = join(home, 'cache')
    const error = await javaClient({ cacheFolder, progress: () => {} }).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    const folder = join(cacheFolder, 'java')
    return { error, left: existsSync(folder) ? readdirSync(folder) : [] }
  } finally {
    process.env['HOME'] = HOME
    process.env['PATH'] = PATH
    rmSync(home, { recursive: true })
  }
}

test('without Maven the remedy is to install it, and nothing is left in the cache', { skip }, async () => {
  const { error, left } = await bringing({})
  assert.ok(error instanceof Trouble)
  assert.match(error.message, /is not on this machine, and there is no Maven/)
  assert.match(error.remedy, /install Maven/)
  assert.deepEqual(left, [])
})

test('a jar that is not the pinned one is refused', { skip }, async () => {
  const mvn = `#!/bin/sh
for argument; do case $argument in -DoutputDirectory=*) out=\${argument#*=};; esac; done
echo other > $out/aws-lambda-java-runtime-interface-client-2.10.1.jar
`
  const { error, left } = await bringing({ mvn })
  assert.ok(error instanceof Trouble)
  assert.match(
    error.message,
    /interface-client-2\.10\.1\.jar is not the pinned one: expected [0-9a-f]{64}, got [0-9a-f]{64}$/,
  )
  assert.deepEqual(left, [])
})

test('what Maven says is told when it fails', { skip }, async () => {
  const { error } = await bringing({ mvn: '#!/bin/sh\necho "[ERROR] no such repository"\nexit 1\n' })
  assert.ok(error instanceof Trouble)
  assert.match(error.message, /could not bring .*\[ERROR\] no such repository/)
  assert.match(error.remedy, /settings\.xml/)
})
