/**
 * Long work in words on stderr, so that stdout stays the command's: a line that rewrites itself on a terminal, a plain
 * line every few seconds elsewhere. Plain JavaScript for Node 20, because the bootstrap speaks before anything is there.
 */
const TERMINAL_STEP_MS = 200
const LOG_STEP_MS = 5_000

let open = false

function clear() {
  if (open) process.stderr.write('\r\u001b[2K')
  open = false
}

/** One finished line. */
export function say(line) {
  clear()
  process.stderr.write(`${line}\n`)
}

/** Does `work` and tells meanwhile what it is at; `describe` gives the words, the seconds are added. */
export async function told(describe, work) {
  const begun = Date.now()
  const onTerminal = process.stderr.isTTY
  const timer = setInterval(
    () => {
      const line = `${describe()}  ${((Date.now() - begun) / 1000).toFixed(0)} s`
      if (!onTerminal) {
        say(line)
        return
      }
      clear()
      process.stderr.write(line.slice(0, Math.max(20, (process.stderr.columns || 80) - 1)))
      open = true
    },
    onTerminal ? TERMINAL_STEP_MS : LOG_STEP_MS,
  )
  try {
    return await work()
  } finally {
    clearInterval(timer)
    clear()
  }
}

/**
 * Three lines on stderr (with `--json`, one document on stdout, as every command prints it) and the end of the
 * process: exit code 3, the machine is in the way.
 */
export function fail({ what, thing, next }) {
  clear()
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { message: what, thing, remedy: next } })}\n`)
  else process.stderr.write(`error  ${what}\n  in   ${thing}\n  next ${next}\n`)
  process.exit(3)
}
