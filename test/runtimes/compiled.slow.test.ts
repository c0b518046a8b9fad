/**
 * Go with AWS's public library, and C by hand, as provided.al2023: the functions of examples/runtimes, compiled by their own
 * Makefiles. Skipped, with the reason, where the compiler is not on the machine. Rust, which takes minutes, is beside this.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened, type ZipFile } from '../sandbox/fake-lambda.ts'
import { bootstrapOf, EXAMPLES, has, inFolder, ran, stagedFiles } from './compiled.ts'
import { checkExample } from './example.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const without = (program: string): string => `no ${program} on this machine`
const noMake = has('make') ? false : without('make')

for (const [language, program, flag] of [
  ['Go', 'go', 'version'],
  ['C', 'cc', '--version'],
] as const) {
  const skip = noMake || (has(program, flag) ? false : without(program))
  test(`a function in ${language} answers light and heavy work as provided.al2023`, { skip }, async () => {
    const files = inFolder({}, (folder) => {
      ran(
        'make',
        ['-s', `build-${language}`, `ARTIFACTS_DIR=${folder}`],
        join(EXAMPLES, language.toLowerCase()),
      )
      return bootstrapOf(join(folder, 'bootstrap'))
    })
    await checkExample(host.sandboxes, { runtime: 'provided.al2023', handler: 'bootstrap', files })
  })
}

test(
  'a bootstrap of another processor ends with the words of Lambda',
  { skip: has('go', 'version') ? false : without('go') },
  async () => {
    const other = process.arch === 'arm64' ? 'amd64' : 'arm64'
    const source = { 'go.mod': 'module other\n', 'main.go': 'package main\n\nfunc main() {}\n' }
    const files = inFolder(source, (folder) => {
      ran('go', ['build', '-o', 'bootstrap', '.'], folder, { GOARCH: other, CGO_ENABLED: '0', GOOS: 'linux' })
      return bootstrapOf(join(folder, 'bootstrap'))
    })
    const made = await started(files)
    const { trouble } = await made.gone()
    assert.equal(
      trouble,
      `fork/exec /var/task/bootstrap: exec format error: it is compiled for ${process.arch === 'arm64' ? 'x64' : 'arm64'}, and this machine is ${process.arch}`,
    )
    await made.sandbox.destroy(0)
  },
)

async function started(files: readonly ZipFile[]): Promise<FakeEnvironment> {
  const code = await stagedFiles(host.sandboxes, files)
  return new FakeEnvironment(host.sandboxes, { runtime: 'provided.al2023', code })
}
