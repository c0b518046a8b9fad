/** Packages of the functions that are measured: a zip of a few stored files, and the handlers themselves. */
import { crc32 } from 'node:zlib'
import { stringAt, valueAt } from '#base/json.ts'

/** Executable, so that a `bootstrap` runs. */
const UNIX_MODE = 0o100755

export function zipOf(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let at = 0
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), data])
    const where = Buffer.alloc(14)
    where.writeUInt32LE((UNIX_MODE << 16) >>> 0, 6)
    where.writeUInt32LE(at, 10)
    centrals.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0003'), common, where, Buffer.from(name)]),
    )
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06_05_4b_50, 0)
  end.writeUInt16LE(locals.length, 8)
  end.writeUInt16LE(locals.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}

export const NODE_HELLO = { 'index.js': "exports.handler = async () => ({ hello: 'world' })\n" }
export const PYTHON_HELLO = { 'index.py': "def handler(event, context):\n    return {'hello': 'world'}\n" }

/** Says when it began, and stays until the given moment, so that nobody is served by an environment of before. */
export const NODE_STAYS = {
  'index.js': `exports.handler = async ({ until }) => {
  const began = Date.now()
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - began)))
  return { began }
}
`,
}

/** How many entries a list has, how many of them say that they are frozen, and where the next page begins. */
export function listAt(
  answer: unknown,
  member: string,
  marker: string,
): { readonly items: number; readonly frozen: number; readonly next: string } {
  const items = valueAt(answer, member)
  const all: unknown[] = Array.isArray(items) ? items : []
  return {
    items: all.length,
    frozen: all.filter((one) => valueAt(one, 'frozen') === true).length,
    next: stringAt(answer, marker) ?? '',
  }
}
