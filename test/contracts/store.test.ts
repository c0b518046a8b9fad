/** The store contract on each implementation. The sqlite files live in a temporary folder of each test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seeded } from '#base/random.ts'
import { faultyStores } from '#host/store/faulty.ts'
import { memoryStores } from '#host/store/memory.ts'
import { openStores } from '#host/store/sqlite.ts'
import type { Stores } from '#ports/store.ts'
import { silent, unexpected } from './silent.ts'
import { storeContract } from './store.ts'

let folder = ''

storeContract({ name: 'memory', open: async () => memoryStores(), dispose: async () => undefined })
storeContract({
  name: 'sqlite',
  open: async (): Promise<Stores> => {
    folder = await mkdtemp(join(tmpdir(), 'windtunnel-store-'))
    return openStores({ folder, log: silent, fatal: unexpected })
  },
  dispose: () => rm(folder, { recursive: true }),
})
storeContract({
  name: 'faulty',
  open: async () =>
    faultyStores({
      random: seeded(7),
      // The contract knows no schedule: the event loop turns it.
      schedule: { defer: (run) => void setImmediate(run) },
      delayStepsMax: 3,
      fatal: unexpected,
    }),
  dispose: async () => undefined,
})
