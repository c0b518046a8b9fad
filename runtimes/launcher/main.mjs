/**
 * The launcher: a small process that forks every execution environment, so that the server process never does (a spawn
 * holds an event loop for milliseconds). It is told everything over one framed socket on fd 3; when that socket
 * closes, the platform is gone, and all environments are ended. It decides nothing: what to run, where and with which
 * limits comes from `src/host/sandbox`, which also makes the groups' paths and the argument lists.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { Berths, board } from './berths.mjs'
import { endTree, groupsIn, innermost, killTree, killUsers, removeGroups, signal } from './processes.mjs'

const slots = Math.max(1, Number(process.argv[2] ?? 1))
/** A runtime that has not spoken by then gives its start slot to the next one. */
const SETTLE_MS = 250
/** Ten milliseconds each: a busy machine may need seconds to let killed processes go. */
const ENDING_TRIES = 3_000
/** Short programs, such as mount, at once. */
const PROGRAMS_MAX = 24
const PEER_TRIES = 10
const CLOSE_ON_EXEC = 0o2000000

if (process.platform === 'linux') closeInherited()

const jobs = new Map()
const queue = []
const starting = new Map()
let governor
/** @type {string[]} */
let leavings = []
/** @type {string[]} */
let bases = []
const berths = new Berths()
const programs = []
let running = 0

const socket = new net.Socket({ fd: 3, readable: true, writable: true })

function send(message) {
  if (ending) return
  const body = Buffer.from(JSON.stringify(message))
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeUInt32BE(body.length, 0)
  body.copy(frame, 4)
  socket.write(frame)
}

let held = Buffer.alloc(0)
socket.on('data', (chunk) => {
  held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
  while (held.length >= 4) {
    const end = 4 + held.readUInt32BE(0)
    if (held.length < end) return
    const message = JSON.parse(held.toString('utf8', 4, end))
    held = held.subarray(end)
    orders[message.op](message)
  }
})
socket.on('end', () => endAll())
socket.on('error', () => endAll())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {}) // the platform decides when we end

/** Descriptors that some parent left open would reach every function. Node.js opens its own to be closed on exec. */
function closeInherited() {
  for (const name of readdirSync('/proc/self/fdinfo')) {
    if (Number(name) <= 3) continue
    try {
      const flags =
        /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1] ?? '0'
      if ((parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) closeSync(Number(name))
    } catch {
      // it was the listing's own
    }
  }
}

let ending = false

/**
 * The platform is gone, or is going: nothing of it stays. Mounts end with us, and folders are the platform's to remove when
 * it still can: a folder that is a mount point somewhere is removed a hundred times slower.
 */
function endAll(tries = 0, isOrderly = false) {
  if (ending) return
  ending = true
  queue.length = 0
  const all = [...jobs.values()]
  for (const job of all) if (job.pid !== undefined) killTree(job)
  berths.close()
  const finish = (tries) => {
    const gone = removeGroups(bases.flatMap((base) => [...groupsIn(base), base]))
    if (!gone && tries < ENDING_TRIES) {
      setTimeout(finish, 10, tries + 1)
      return
    }
    if (!isOrderly) removeFolders()
    process.exit(0)
  }
  finish(tries)
}

function removeFolders() {
  for (const folder of leavings) {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1])
      .filter((mount) => mount?.startsWith(`${folder}/`))
    if (mounts.length > 0) spawnSync('umount', ['-l', ...mounts])
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // the next platform sweeps it
    }
  }
}

/** What the platform may ask for; each message's `op` names one. */
const orders = {
  start(job) {
    jobs.set(job.id, job)
    job.askedAt = performance.now()
    queue.push(job)
    startNext()
  },
  /** It waits for us: two seconds, and what is left is swept by the next platform. */
  close: () => endAll(ENDING_TRIES - 200, true),
  /** What to remove when the platform has been killed. */
  leavings: ({ folders }) => (leavings = folders),
  settled: ({ id }) => settle(id),
  kill({ id }) {
    const job = jobs.get(id)
    if (job?.pid !== undefined) killTree(job)
    else if (job !== undefined) dequeue(job)
  },
  terminate({ id }) {
    const job = jobs.get(id)
    if (job?.pid !== undefined) signal(innermost(job), 'SIGTERM')
  },
  end({ id, graceMs }) {
    const job = jobs.get(id)
    if (job?.pid === undefined) {
      if (job !== undefined) dequeue(job)
      return
    }
    endTree(job, graceMs)
  },
  /** The groups of a berth whose process has ended. */
  remove: ({ group, token }) => removeWhenEmpty(foldersOf(group), token, 0),
  /** What an earlier launcher of this platform has left behind. */
  sweep({ uids, token }) {
    killUsers(new Set(uids))
    send({ op: 'ran', token, code: 0, out: '' })
  },
  groups: (message) => {
    bases = message.bases
    const left = bases.flatMap(groupsIn)
    if (left.length > 0) removeWhenEmpty(left, undefined, 0) // an earlier launcher's
    berths.configure(message)
  },
  run(message) {
    programs.push(message)
    runNext()
  },
  peer: ({ token, port, at }) => tellPeer(token, port, at, 0),
  freeze: ({ id, frozen }) => governed((g) => g.freeze(jobs.get(id), frozen)),
  share: ({ id, quota }) => governed((g) => g.share(jobs.get(id), quota)),
  innermost: ({ id, token }) => {
    const job = jobs.get(id)
    send({ op: 'ran', token, code: job?.pid === undefined ? -1 : innermost(job), out: '' })
  },
}

/** Each takes a process and two pipes; many may be asked for at once, such as by hundreds of environments that end. */
function runNext() {
  while (running < PROGRAMS_MAX && programs.length > 0) {
    const { token, argv, options } = programs.shift()
    running++
    runProgram(argv, options, (code, out) => {
      running--
      send({ op: 'ran', token, code, out })
      runNext()
    })
  }
}

function runProgram(argv, options, ended) {
  const child = spawn(argv[0], argv.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  const keep = (chunk) => {
    if (out.length < 8_192) out += chunk
  }
  let failure
  child.on('error', (error) => {
    failure = error.message
    if (child.stdout === undefined) ended(-1, failure) // no process was made, and nothing else follows
  })
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.on('close', (code) => ended(failure === undefined ? (code ?? -1) : -1, failure ?? out))
}

/** The fallbacks for machines without cgroups are loaded only there. */
function governed(run) {
  governor ??= import('./governor.mjs').then((module) => module.governor(send))
  void governor.then(run)
}

function startNext() {
  while (starting.size < slots && queue.length > 0) {
    const job = queue.shift()
    starting.set(job.id, setTimeout(settle, SETTLE_MS, job.id))
    void start(job)
  }
  if (queue.length > 0) berths.refill() // or each start would wait for its own, and leave its core idle meanwhile
}

function settle(id) {
  const timer = starting.get(id)
  if (timer === undefined) return
  clearTimeout(timer)
  starting.delete(id)
  startNext()
  if (starting.size === 0) berths.refill() // when nobody needs the cores
}

function dequeue(job) {
  job.cancelled = true
  const at = queue.indexOf(job)
  if (at === -1) return // it has its berth any moment, and is ended then
  queue.splice(at, 1)
  exited(job, { code: null, signal: 'SIGKILL' })
}

async function start(job) {
  const begun = performance.now()
  try {
    const taken = berths.take()
    const berth = taken instanceof Promise ? await taken : taken
    job.berth = berth
    job.pid = berth.shell.pid
    berth.shell.on('exit', (code, signal) => exited(job, { code, signal }))
    if (berths.hasEnded(berth)) throw new Error('the shell that would have become the sandbox has ended')
    if (job.cancelled || ending) {
      killTree(job)
      return
    }
    board(berth, job)
    const startedMs = performance.now() - begun
    const times = { queuedMs: begun - job.askedAt, startedMs }
    send({ op: 'started', id: job.id, run: job.run, pid: job.pid, group: berth.name, ...times })
    if (job.governed !== undefined) governed((g) => g.watch(job))
  } catch (error) {
    if (job.pid !== undefined) killTree(job)
    // without a report of its start nobody else knows its groups
    if (job.berth !== undefined) removeWhenEmpty(job.berth.folders, undefined, 0)
    exited(job, { code: null, signal: null, trouble: error.message })
  }
}

function exited(job, how) {
  if (job.ended) return
  job.ended = true
  job.pid = undefined
  if (jobs.get(job.id) === job) jobs.delete(job.id)
  settle(job.id)
  send({ op: 'exited', id: job.id, run: job.run, ...how, ...(job.oomKilled ? { oomKilled: true } : {}) })
}

const foldersOf = (group) => bases.map((base) => `${base}/${group}`)

function removeWhenEmpty(folders, token, tries) {
  if (removeGroups(folders) || tries >= 100) {
    if (token !== undefined) send({ op: 'ran', token, code: 0, out: '' })
    return
  }
  setTimeout(() => removeWhenEmpty(folders, token, tries + 1), tries < 10 ? 2 : 20)
}

/** The kernel's list is read in pieces, and where sockets come and go meanwhile one that is there may be left out. */
function tellPeer(token, port, at, tries) {
  const uid = uidOfPeer(port, at)
  if (uid === -1 && tries < PEER_TRIES) setTimeout(tellPeer, 5, token, port, at, tries + 1)
  else send({ op: 'ran', token, code: uid, out: '' })
}

/**
 * Who dialled `at` (an address and a port of ours) from that local port, by /proc/net/tcp; -1 when it is not there. The port
 * alone does not tell: the kernel gives one to several sockets whose other ends differ.
 */
function uidOfPeer(port, at) {
  const hex = (number) => number.toString(16).toUpperCase().padStart(4, '0')
  const to = `${Buffer.from(at.address.split('.').map(Number)).reverse().toString('hex').toUpperCase()}:${hex(at.port)}`
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local, remote, state, , , , uid] = line.trim().split(/\s+/)
    if (remote === to && local?.endsWith(`:${hex(port)}`) && state === '01') return Number(uid)
  }
  return -1
}

send({ op: 'hello' })
