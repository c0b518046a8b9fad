/**
 * How a function's process is shut in: the argument list that starts it with its own view of files, processes and users.
 * Four ways, best first: bubblewrap as root (which then becomes the environment's own user inside), bubblewrap as an
 * ordinary user, unshare and chroot as root, and plain processes. Which one works is tried by `machine.ts`.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file or folder of the machine, and where the function sees it. */
export interface Mount {
  readonly from: string
  readonly to: string
  readonly writable?: boolean
}

/** What all functions of one runtime see. */
export interface SharedView {
  readonly mounts: readonly Mount[]
  /** Symbolic links beside the mounts: what they point to, and where they are. */
  readonly links: readonly (readonly [target: string, at: string])[]
}

/** What a function's process sees and is. */
export interface Interior {
  /** Of the runtime and what it brings. */
  readonly shared: SharedView
  /** The same, and the system's part, already mounted: see `roots.ts`. */
  readonly root: { readonly path: string; readonly devices: string } | undefined
  /** The environment's own: code, layers, /tmp, socket. */
  readonly mounts: readonly Mount[]
  readonly command: readonly string[]
  /** The program is of the function's package or layers, and may be missing or broken. */
  readonly isUsersProgram: boolean
  readonly environment: Readonly<Record<string, string>>
  readonly cwd: string
  /** The environment's own user; undefined when the platform is not root. */
  readonly uid: number | undefined
}

export interface Confined {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** How many processes stand between the started one and the function's own. */
  readonly wrappers: number
  /** Which of them takes all others along when it is killed: the started one, or its child. */
  readonly killFrom: 'started' | 'child'
}

/** What is the same for all sandboxes of a platform. */
export interface System {
  /** What functions see as /etc. */
  readonly etcFolder: string
  /** The program that gives up being root; chroot starts in half of the time, but not every one can. */
  readonly becomesBy: 'chroot' | 'setpriv'
}

export type Level = 'bwrap-root' | 'bwrap-user' | 'unshare-root' | 'process'

/** Variables that the dynamic loader, libc and shells obey: the function's must not reach the programs that shut it in. */
const STEERING = /^(LD_|GLIBC_|GCONV_PATH$|LOCPATH$|NLSPATH$|MALLOC_|BASH_|ENV$|SHELLOPTS$|IFS$|OPTIND$|PS4$)/
/** Where these programs find others, as root. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

/** A program of the machine, never found through a function's PATH. */
function program(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...SYSTEM_PATH.split(':')]
  return (
    folders.map((folder) => join(folder, name)).find((path) => path.startsWith('/') && existsSync(path)) ??
    `/usr/bin/${name}`
  )
}
const programs = new Map<string, string>()
function programAt(name: string): string {
  const known = programs.get(name) ?? program(name)
  programs.set(name, known)
  return known
}

export function confine(level: Level, interior: Interior, system: System): Confined {
  switch (level) {
    case 'bwrap-root':
    case 'bwrap-user':
      return bubblewrap(level === 'bwrap-root', interior, system)
    case 'unshare-root':
      return unshare(interior, system)
    case 'process':
      return plain(interior, system)
    default:
      return level satisfies never
  }
}

/** The function's command, behind what sets its loader variables and its user. */
function inside(
  interior: Interior,
  system: System,
  hidesPath = false,
): { readonly argv: readonly string[]; readonly env: Record<string, string> } {
  const env: Record<string, string> = {}
  const loader: string[] = []
  for (const [name, value] of Object.entries(interior.environment)) {
    if (STEERING.test(name) || (hidesPath && name === 'PATH')) loader.push(`${name}=${value}`)
    else env[name] = value
  }
  const user = interior.uid === undefined ? [] : becoming(interior.uid, system)
  // bubblewrap says 1 of a program that is missing; what changes the user, and env, say 127 as shells do
  const needsEnv = loader.length > 0 || (interior.isUsersProgram && interior.uid === undefined)
  const setting = needsEnv ? ['/usr/bin/env', ...loader] : []
  return { argv: [...user, ...setting, ...interior.command], env }
}

const CHANGING_USER = {
  chroot: ['CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_CHROOT'],
  setpriv: ['CAP_SETUID', 'CAP_SETGID'],
} as const

/** Both keep the folder they are started in. */
export function becoming(uid: number, { becomesBy }: System): readonly string[] {
  return becomesBy === 'chroot'
    ? [programAt('chroot'), `--userspec=+${uid}:+${uid}`, '--groups=', '--skip-chdir', '/']
    : ['/usr/bin/setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups']
}

/** Folders of programs and libraries; on most systems links into /usr. */
const PROGRAM_FOLDERS = ['/bin', '/sbin', '/lib', '/lib64', '/lib32'] as const
/** Parts of /etc that programs need and that tell nothing of the machine's user. */
const SHARED_ETC = ['/etc/ssl', '/etc/pki', '/etc/ca-certificates', '/etc/alternatives'] as const

/** Parts of the system that every function sees, read-only; the rest of /etc is a small folder of ours. */
export function systemView(): { readonly mounts: readonly Mount[]; readonly links: [string, string][] } {
  const mounts: Mount[] = [{ from: '/usr', to: '/usr' }]
  const links: [string, string][] = []
  for (const folder of PROGRAM_FOLDERS) {
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found?.isSymbolicLink() === true) links.push([readlinkSync(folder), folder])
    else if (found?.isDirectory() === true) mounts.push({ from: folder, to: folder })
  }
  return { mounts, links }
}

const view = { known: undefined as ReturnType<typeof systemView> | undefined }
const programsOfSystem = (): ReturnType<typeof systemView> => (view.known ??= systemView())
const etcMounts = (folder: string): Mount[] => [
  { from: folder, to: '/etc' },
  ...SHARED_ETC.filter((path) => existsSync(path)).map((path) => ({ from: path, to: path })),
]
const etc = new Map<string, Mount[]>()
function etcOf(folder: string): readonly Mount[] {
  let mounts = etc.get(folder)
  if (mounts === undefined) etc.set(folder, (mounts = etcMounts(folder)))
  return mounts
}

/** What functions of that runtime see beside their own: the system's part and the runtime's. */
export function sharedView(shared: SharedView, { etcFolder }: System): SharedView {
  const { mounts, links } = programsOfSystem()
  return {
    mounts: [...mounts, ...etcOf(etcFolder), ...shared.mounts],
    links: [...links, ...shared.links],
  }
}

function bubblewrap(isRoot: boolean, interior: Interior, system: System): Confined {
  const { argv, env } = inside(interior, system)
  const args = [programAt('bwrap'), '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try']
  args.push('--die-with-parent', '--new-session', '--cap-drop', 'ALL')
  // the change of user gives them all up
  if (isRoot) for (const name of CHANGING_USER[system.becomesBy]) args.push('--cap-add', name)
  else args.push('--unshare-user')
  const { root } = interior
  const shared = root === undefined ? sharedView(interior.shared, system) : { mounts: [], links: [] }
  if (root !== undefined) args.push('--ro-bind', root.path, '/')
  // folders that bubblewrap makes on its way to a mount point would be closed to other users
  else for (const folder of foldersAbove(interior)) args.push('--dir', folder)
  for (const { from, to, writable } of [...shared.mounts, ...interior.mounts]) {
    args.push(writable === true ? '--bind' : '--ro-bind', from, to)
  }
  for (const [target, at] of shared.links) args.push('--symlink', target, at)
  args.push(
    '--proc',
    '/proc',
    ...(root === undefined ? ['--dev', '/dev'] : ['--dev-bind', root.devices, '/dev']),
  )
  args.push('--chdir', interior.cwd, ...argv)
  return { argv: args, env, cwd: '/', wrappers: 2, killFrom: 'child' }
}

/** Every folder above a mount or link that is not itself mounted, outermost first. */
function foldersAbove(interior: Interior): readonly string[] {
  const folders = new Set<string>()
  const { shared, mounts } = interior
  const at = [...shared.mounts, ...mounts].map(({ to }) => to)
  for (const path of [...at, ...shared.links.map(([, to]) => to)]) {
    for (let slash = path.indexOf('/', 1); slash !== -1; slash = path.indexOf('/', slash + 1))
      folders.add(path.slice(0, slash))
  }
  folders.add('/opt') // where layers are, and there without layers too
  return [...folders].filter((folder) => !folder.startsWith('/usr') && !folder.startsWith('/etc'))
}

/** The devices that `--dev` of bubblewrap gives. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const

/** Mounts are made by a shell in new namespaces, as root, before the user is changed. */
function unshare(interior: Interior, system: System): Confined {
  const { argv, env } = inside(interior, system, true)
  const { mounts, links } = sharedView(interior.shared, system)
  const root = join(dirname(system.etcFolder), 'root') // an empty folder beside it
  const lines = ['set -e', `mount -t tmpfs -o mode=755,size=16m none ${root}`]
  for (const { from, to, writable } of [...mounts, ...interior.mounts]) {
    const target = quoted(`${root}${to}`)
    const isFolder = lstatSync(from).isDirectory()
    const parent = quoted(`${root}${to.slice(0, to.lastIndexOf('/'))}`)
    lines.push(isFolder ? `mkdir -p ${target}` : `mkdir -p ${parent}; [ -e ${target} ] || : > ${target}`)
    lines.push(`mount --bind ${quoted(from)} ${target}`)
    if (writable !== true) lines.push(`mount -o remount,bind,ro ${target}`)
  }
  lines.push(`mkdir -p ${root}/opt`)
  for (const [target, at] of links) {
    lines.push(`mkdir -p ${quoted(root + at.slice(0, at.lastIndexOf('/')))}`)
    lines.push(`ln -s ${quoted(target)} ${quoted(root + at)}`)
  }
  lines.push(
    `mkdir -p ${root}/proc ${root}/dev/shm`,
    `mount -t proc -o nosuid,nodev,noexec proc ${root}/proc`,
  )
  lines.push(`chmod 1777 ${root}/dev/shm`)
  for (const device of DEVICES) {
    lines.push(`: > ${root}/dev/${device}`, `mount --bind /dev/${device} ${root}/dev/${device}`)
  }
  lines.push(`ln -s /proc/self/fd ${root}/dev/fd`, `cd ${root}`)
  // not exec: unshare cannot tell the death of its child by SIGKILL, a shell can
  lines.push(
    'set +e',
    `chroot ${root} /bin/sh -c 'cd "$0" && unset OLDPWD && exec "$@"' ${quoted(interior.cwd)} "$@"`,
    'exit $?',
  )
  const flags = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private']
  return {
    argv: [programAt('unshare'), ...flags, programAt('sh'), '-c', lines.join('\n'), 'sandbox', ...argv],
    env: { ...env, PATH: SYSTEM_PATH },
    cwd: '/',
    wrappers: 2,
    killFrom: 'started',
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** No view of its own: paths of the sandbox become the machine's paths, in the command and in variables that hold lists of folders. */
function plain(interior: Interior, system: System): Confined {
  const mounts = [...interior.shared.mounts, ...interior.mounts]
  const longestFirst = mounts.toSorted((a, b) => b.to.length - a.to.length)
  const real = (path: string): string => {
    const mount = longestFirst.find(({ to }) => path === to || path.startsWith(`${to}/`))
    return mount === undefined ? path : mount.from + path.slice(mount.to.length)
  }
  const environment = Object.fromEntries(
    Object.entries(interior.environment).map(([name, value]) => [
      name,
      FOLDER_LIST.test(name) ? value.split(':').map(real).join(':') : value,
    ]),
  )
  const tmp = mounts.find(({ to }) => to === '/tmp')
  if (tmp !== undefined) environment['TMPDIR'] = tmp.from
  const command = interior.command.map((part) =>
    part.replace(PATH_OF_ARGUMENT, (_, option: string, path: string) => option + real(path)),
  )
  const { argv, env } = inside({ ...interior, environment, command }, system)
  return { argv, env, cwd: real(interior.cwd), wrappers: 0, killFrom: 'started' }
}

/** A path, or an option's value that is one. */
const PATH_OF_ARGUMENT = /^(-[^=\s]+=|)(\/.*)$/
const FOLDER_LIST =
  /^(PATH|NODE_PATH|PYTHONPATH|LD_LIBRARY_PATH|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|AWS_LAMBDA_RUNTIME_API|_WINDTUNNEL_[A-Z_]+)$/
