/** OS-only runtimes: any executable named bootstrap in the package or a layer, which speaks to the Runtime API itself. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { MIB, OUR_RELEASE, type PlannedRuntime } from '#host/sandbox/runtime-plan.ts'

const SHARED_BYTES = 1 * MIB

export function planCustom(identifier: string): PlannedRuntime {
  return {
    kind: 'planned',
    plan: {
      identifier,
      kind: 'custom',
      version: `${identifier.replace('.', ':')}.v${OUR_RELEASE}`,
      notice: undefined,
      mounts: [],
      links: [],
      command: () => [], // found in the package when it starts: see customCommand
      environment: {},
      api: 'tcp',
      sharedBytes: SHARED_BYTES,
      python: undefined,
      interpreter: undefined,
    },
  }
}

/**
 * `/var/task/bootstrap`, else `/opt/bootstrap`. Source: Lambda developer guide, custom runtimes. Undefined when there is none.
 * Faults: Error with Lambda's words, when it is compiled for another processor: a shell would take it for a script.
 */
export function customCommand(taskFolder: string, optFolder: string | undefined): string | undefined {
  for (const [folder, inside] of [
    [taskFolder, '/var/task/bootstrap'],
    [optFolder, '/opt/bootstrap'],
  ] as const) {
    if (folder === undefined || !existsSync(join(folder, 'bootstrap'))) continue
    const processor = foreignProcessor(join(folder, 'bootstrap'))
    if (processor === undefined) return inside
    throw new Error(
      `fork/exec ${inside}: exec format error: it is compiled for ${processor}, and this machine is ${process.arch}`,
    )
  }
  return undefined
}

/** Source: ELF specification, e_machine at byte 18. */
const PROCESSORS: Readonly<Record<number, { readonly node: string; readonly qemu: string }>> = {
  0x3e: { node: 'x64', qemu: 'qemu-x86_64' },
  0xb7: { node: 'arm64', qemu: 'qemu-aarch64' },
}

/** The processor a Linux program is for, when it is not this one and nothing emulates it here. */
function foreignProcessor(path: string): string | undefined {
  const head = Buffer.alloc(20)
  const file = openSync(path, 'r')
  try {
    readSync(file, head, 0, head.length, 0)
  } finally {
    closeSync(file)
  }
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return undefined
  const found = PROCESSORS[head.readUInt16LE(18)]
  const isOurs = found === undefined || found.node === process.arch
  return isOurs || existsSync(`/proc/sys/fs/binfmt_misc/${found.qemu}`) ? undefined : found.node
}
