/** The modes of this machine, and in sentences what each lacks, for reports and `windtunnel doctor`. */
import type { SandboxModes } from '#ports/sandboxes.ts'
import type { Level } from '#host/sandbox/confinement.ts'
import type { Groups } from '#host/sandbox/groups.ts'

export interface ModeFacts {
  readonly level: Level
  readonly groups: Groups | undefined
  readonly tmp: 'image' | 'directory'
  readonly isRoot: boolean
  readonly hasUsers: boolean
}

export function modesOf(facts: ModeFacts): SandboxModes {
  const { level, groups, tmp } = facts
  return {
    isolation: level === 'process' ? 'process' : 'namespaces',
    cpu: groups?.cpu === undefined ? 'governor' : `cgroup ${groups.cpu}`,
    memory: groups?.memory === undefined ? 'polling' : `cgroup ${groups.memory}`,
    freeze: groups?.freeze === true ? 'cgroup v2' : 'signals',
    tmp,
    notes: notesOf(facts),
  }
}

function notesOf({ level, groups, tmp, isRoot, hasUsers }: ModeFacts): string[] {
  const notes: string[] = []
  if (level === 'process') {
    notes.push(
      'Functions run as plain processes: they can see the files and processes that their user can see. Install bubblewrap, or allow namespaces where it is there, to shut them in.',
    )
    notes.push(
      'Inside functions the name sandbox.localdomain does not resolve: telemetry reaches extensions that listen on all addresses.',
    )
  }
  if (level === 'unshare-root') {
    notes.push(
      'Environments start about 6 ms later than with bubblewrap, which is not installed or does not work here.',
    )
  }
  if (!hasUsers) {
    notes.push(
      isRoot
        ? 'All functions run as root, because neither chroot of coreutils nor setpriv could change the user, or the folder for temporary files is closed to other users.'
        : 'All functions run as your own user, so a runtime that speaks over TCP could reach the Runtime API of another; extensions within a Node.js or Python function find none.',
    )
  }
  if (groups?.cpu === undefined) {
    notes.push(
      'CPU shares are kept by stopping and continuing processes: up to 20 % off, and only for the main process tree.',
    )
  }
  if (groups?.memory === undefined) {
    notes.push('Memory limits are polled: a function can exceed its limit for up to 25 ms.')
  }
  if (groups?.freeze !== true)
    notes.push('Idle environments are frozen by SIGSTOP, which their parents could notice.')
  if (tmp === 'directory') {
    notes.push(
      '/tmp is a plain folder: its size is measured between invokes, and writing beyond it does not fail.',
    )
  }
  notes.push('Functions use the network of this machine.')
  return notes
}
