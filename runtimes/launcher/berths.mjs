/**
 * Places for functions, made ahead of need: control groups with one waiting shell in them, which becomes the sandbox when
 * its turn comes. Joining a group can take the kernel several milliseconds, and forking some more; an environment's
 * start should not wait for either. Nothing of an interpreter or a function is in a berth.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'

const READY = 3

export class Berths {
  #bases = []
  #fixed = []
  #ready = []
  #unused = new Set()
  #waiting = []
  #making = 0
  #next = 1
  #wanted = 0

  /** `bases` are our folders in the hierarchies; `fixed` what is written into each berth's groups. */
  configure({ bases, fixed }) {
    this.#bases = bases
    this.#fixed = fixed
    this.#wanted = READY
    this.refill()
  }

  /** A berth at once when one is ready, else as soon as it is made. Rejects when none can be made. */
  take() {
    for (let ready = this.#ready.pop(); ready !== undefined; ready = this.#ready.pop()) {
      this.#unused.delete(ready)
      if (!this.hasEnded(ready)) return ready // else somebody has killed it: its folders are swept at the end
    }
    const { promise, resolve, reject } = Promise.withResolvers()
    this.#waiting.push({ resolve, reject })
    if (this.#making < this.#waiting.length) this.#make()
    return promise
  }

  hasEnded = ({ shell }) => shell.exitCode !== null || shell.signalCode !== null

  refill() {
    while (this.#ready.length + this.#making < this.#wanted + this.#waiting.length) this.#make()
  }

  /** Ends all that nobody has taken. */
  close() {
    this.#wanted = 0
    this.#ready = []
    for (const { shell } of this.#unused) shell?.kill('SIGKILL')
  }

  #make() {
    this.#making++
    const name = `b${process.pid}-${this.#next++}` // an earlier launcher's groups may still be there
    const folders = this.#bases.map((base) => `${base}/${name}`)
    const berth = { name, folders, shell: undefined }
    this.#unused.add(berth)
    this.#prepared(berth).then(
      () => {
        this.#making--
        const first = this.#waiting.shift()
        if (first === undefined) {
          this.#ready.push(berth)
          return
        }
        this.#unused.delete(berth)
        first.resolve(berth)
      },
      (error) => {
        this.#making--
        berth.shell?.kill('SIGKILL') // its folders are swept at the end
        this.#waiting.shift()?.reject(error)
      },
    )
  }

  async #prepared(berth) {
    for (const folder of berth.folders) mkdirSync(folder)
    for (const [base, leaf, value] of this.#fixed) writeFileSync(`${berth.folders[base]}/${leaf}`, value)
    const shell = spawn('/bin/sh', [], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: {},
      cwd: '/',
    })
    berth.shell = shell
    shell.stdin.on('error', () => {}) // its exit is told by its own event
    if (shell.pid === undefined) await new Promise((_, reject) => shell.once('error', reject))
    for (const folder of berth.folders) await writeFile(`${folder}/cgroup.procs`, `${shell.pid}`)
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
/** Names that shells give a meaning of their own, or keep from being set. */
const OF_SHELLS =
  /^(_|PWD|OLDPWD|SHLVL|IFS|OPT[A-Z]+|PS[0-9]|ENV|PPID|E?UID|GROUPS|SHELL.*|BASH.*|POSIXLY_.*|MAIL.*|HIST.*|LINENO|RANDOM|SECONDS|DIRSTACK|FUNCNAME|TMOUT)$/
const isPlain = (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !OF_SHELLS.test(name)

/** Whether this shell hands on what it was told to, and nothing else: bash adds a variable of its own. */
const shell = { isExact: false }
execFile('/bin/sh', ['-c', "unset PWD OLDPWD; export A='b'; exec /usr/bin/env"], { env: {} }, (_, out) => {
  shell.isExact = out === 'A=b\n'
})

/** The command line that becomes the program with exactly these variables; through `env` where the shell would spoil them. */
function becoming(argv, env) {
  const command = argv.map(quoted).join(' ')
  const settings = Object.entries(env)
  if (!shell.isExact || !settings.every(([name]) => isPlain(name))) {
    const all = settings.map(([name, value]) => quoted(`${name}=${value}`))
    return ['exec /usr/bin/env -i', ...all, command].join(' ')
  }
  const exports = settings.map(([name, value]) => `${name}=${quoted(value)}`)
  return [
    'unset PWD OLDPWD',
    ...(exports.length === 0 ? [] : [`export ${exports.join(' ')}`]),
    `exec ${command}`,
  ].join(' && ')
}

/** Turns the waiting shell into the program: its environment exactly as given, its output into the FIFO. */
export function board(berth, { argv, env, cwd, output, limits }) {
  for (const [base, leaf, value] of limits) writeFileSync(`${berth.folders[base]}/${leaf}`, value)
  berth.shell.stdin.end(
    `cd ${quoted(cwd)} && ${becoming(argv, env)} </dev/null >${quoted(output)} 2>&1\nexit 127\n`,
  )
}
