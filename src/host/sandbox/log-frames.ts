/**
 * Log entries as AWS's interface clients frame them when they are told a descriptor for them: eight bytes of type and
 * length, eight of time, then the message. Their end is what plain output does not tell: an entry without a line end is an event
 * all the same, and one of several lines is one event. Here both go into one pipe; frames are taken out and become lines.
 * Source of the format: aws-lambda-java-runtime-interface-client, FramedTelemetryLogSink.
 */
import type { OnOutput } from '#host/sandbox/output.ts'

/** The descriptor that clients are told: the function's output. */
export const FRAMES_VARIABLE: Readonly<Record<string, string>> = { _LAMBDA_TELEMETRY_LOG_FD: '1' }

/** Not in any text: no character follows these two bytes with a zero. */
const MAGIC = Buffer.from([0xa5, 0x5a, 0x00])
const HEAD_BYTES = 16
const LENGTH_AT = 4
const NEWLINE = 0x0a
const RETURN = 0x0d
const LINE_END = Buffer.from('\n')

/** Hands on output in which frames have become lines; inner line ends are written as carriage returns, which mark one event. */
export function unframed(onOutput: OnOutput): OnOutput {
  const reader = new FrameReader()
  return (chunk, dropped) => {
    const passed = reader.read(Buffer.from(chunk))
    if (dropped > 0) reader.reset()
    if (passed.length > 0 || dropped > 0) onOutput(passed, dropped)
  }
}

class FrameReader {
  /** What may be the begin of a head. */
  #held: Buffer = Buffer.alloc(0)
  /** Bytes of the frame that are still to come. */
  #left = 0
  /** Whether what was handed on last ended its line. */
  #endsLine = true

  read(chunk: Buffer): Buffer {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    const parts: Buffer[] = []
    while (rest.length > 0) {
      if (this.#left > 0) rest = this.#readMessage(rest, parts)
      else {
        const at = headAt(rest)
        this.#plain(rest.subarray(0, at), parts)
        const head = rest.subarray(at)
        if (head.length < HEAD_BYTES) {
          this.#held = Buffer.from(head)
          break
        }
        this.#left = head.readUInt32BE(LENGTH_AT)
        if (!this.#endsLine) this.#plain(LINE_END, parts)
        rest = head.subarray(HEAD_BYTES)
      }
    }
    return Buffer.concat(parts)
  }

  /** Output was lost: what comes next may be anything. */
  reset(): void {
    this.#held = Buffer.alloc(0)
    this.#left = 0
  }

  #readMessage(rest: Buffer, parts: Buffer[]): Buffer {
    const message = Buffer.from(rest.subarray(0, this.#left))
    this.#left -= message.length
    const isWhole = this.#left === 0
    for (let at = message.indexOf(NEWLINE); at !== -1; at = message.indexOf(NEWLINE, at + 1)) {
      if (!isWhole || at < message.length - 1) message[at] = RETURN
    }
    this.#plain(message, parts)
    if (isWhole && !this.#endsLine) this.#plain(LINE_END, parts)
    return rest.subarray(message.length)
  }

  #plain(bytes: Buffer, parts: Buffer[]): void {
    if (bytes.length === 0) return
    parts.push(bytes)
    this.#endsLine = bytes.at(-1) === NEWLINE
  }
}

/** Where a head begins, or may begin with the next chunk; the length when there is none. */
function headAt(bytes: Buffer): number {
  const found = bytes.indexOf(MAGIC)
  if (found !== -1) return found
  for (let length = MAGIC.length - 1; length > 0; length--) {
    const at = bytes.length - length
    if (at >= 0 && bytes.subarray(at).equals(MAGIC.subarray(0, length))) return at
  }
  return bytes.length
}
