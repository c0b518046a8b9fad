/** Bodies of `--memory`: whole in memory, gone with the process. No bound: the caller bounds what it takes in. */
import { BodyCount, once } from '#host/blobs/body.ts'
import { concat } from '#base/bytes.ts'
import type { Blobs } from '#ports/blobs.ts'

export function memoryBlobs(): Blobs {
  const bodies = new Map<string, Uint8Array>()
  let next = 1
  return {
    write: async (source, each) => {
      const count = new BodyCount()
      const parts: Uint8Array[] = []
      for await (const chunk of source) {
        count.add(chunk)
        each?.(chunk)
        parts.push(new Uint8Array(chunk))
      }
      const id = `m${next++}`
      bodies.set(id, concat(parts))
      return { id, sizeBytes: count.sizeBytes, ...count.digests() }
    },
    read: async (id, range) => {
      const body = bodies.get(id)
      if (body === undefined) return undefined
      return once(range === undefined ? body : body.subarray(range.start, range.end + 1))
    },
    delete: async (id) => {
      bodies.delete(id)
    },
    async *ids() {
      yield* bodies.keys()
    },
    clear: async () => bodies.clear(),
  }
}
