/** Rust with AWS's public library as provided.al2023: the function of examples/runtimes. What cargo compiled is kept in the cache. */
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Opened, opened } from '../sandbox/fake-lambda.ts'
import { bootstrapOf, EXAMPLES, has, inFolder, ran } from './compiled.ts'
import { checkExample } from './example.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const skip = ['make', 'cargo'].find((program) => !has(program))

test(
  'a function in Rust answers light and heavy work as provided.al2023',
  { skip: skip === undefined ? false : `no ${skip} on this machine` },
  async () => {
    const files = inFolder({}, (folder) => {
      ran('make', ['-s', 'build-Rust', `ARTIFACTS_DIR=${folder}`], join(EXAMPLES, 'rust'))
      return bootstrapOf(join(folder, 'bootstrap'))
    })
    await checkExample(host.sandboxes, { runtime: 'provided.al2023', handler: 'bootstrap', files })
  },
)
