/**
 * Processes that run users' functions. The host decides how (bubblewrap, cgroups, signals) and says so in `modes`;
 * when to start, freeze, thaw and end them is decided by `services/lambda`.
 */
import type { Ms } from '#base/time.ts'

/** What this machine gives; named in every report, and figures of different modes are not compared. */
export interface SandboxModes {
  readonly isolation: 'namespaces' | 'process'
  readonly cpu: 'cgroup v1' | 'cgroup v2' | 'governor' | 'none'
  readonly memory: 'cgroup v1' | 'cgroup v2' | 'polling' | 'none'
  readonly freeze: 'cgroup v2' | 'signals' | 'none'
  readonly tmp: 'image' | 'directory'
  /** What is not isolated or only approximated, in sentences. */
  readonly notes: readonly string[]
}

/** A folder with a function's or a layer's code, extracted and checked. The id is its content's sha256 (hex). */
export interface StagedCode {
  readonly id: string
  /** Of the package, base64, as `CodeSha256` shows it. */
  readonly sha256Base64: string
  readonly packageBytes: number
  readonly unzippedBytes: number
}

export type Staging =
  | { readonly kind: 'staged'; readonly code: StagedCode }
  | {
      readonly kind: 'refused'
      readonly reason: 'not-a-zip' | 'unsafe-name' | 'link' | 'too-large' | 'empty' | 'encrypted'
      /** The offending entry or figure. */
      readonly detail: string
    }

export type FoundRuntime =
  | {
      readonly kind: 'found'
      /** The identifier it was found for, such as `nodejs22.x`; what `SandboxSpec.runtime` takes. */
      readonly identifier: string
      /** As INIT_START prints it, such as `nodejs:22.v23`. */
      readonly version: string
      /** Said once in the log, in `doctor` and in reports: another version stands in. */
      readonly notice?: string | undefined
    }
  | { readonly kind: 'missing'; readonly reason: string; readonly remedy: string }

/** One request of an environment to its Runtime API. */
export interface RuntimeRequest {
  readonly method: string
  /** With the version prefix, such as `/2018-06-01/runtime/invocation/next`. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Set when the body went beyond the limit and was cut. */
  readonly truncated: boolean
  /** The body while it comes, for responses in streaming mode; `body` is empty then. */
  readonly stream?: StreamedBody | undefined
}

/** A body that is read part by part. Little is read ahead: who sends it waits for its reader. */
export interface StreamedBody {
  /** One at a time; after `end` or `broken` nothing follows. What is left when the request is replied to is dropped. */
  next(): Promise<StreamPart>
}

export type StreamPart =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Trailers by name in lower case. */
  | { readonly kind: 'end'; readonly trailers: Readonly<Record<string, string>> }
  /** The connection ended before the body did. */
  | { readonly kind: 'broken' }

export interface RuntimeReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

export interface SandboxExit {
  readonly code: number | null
  /** Such as `SIGKILL`. */
  readonly signal: string | null
  readonly oomKilled: boolean
  /** A start that never became a process: the machine's trouble, in words. */
  readonly trouble?: string | undefined
}

export interface SandboxSpec {
  /** The environment's id; one sandbox at a time has it. */
  readonly id: string
  readonly runtime: string
  readonly code: StagedCode
  readonly layers: readonly StagedCode[]
  readonly handler: string
  /** Everything but the address of the Runtime API, which the host adds. */
  readonly environment: Readonly<Record<string, string>>
  readonly memoryMb: number
  readonly tmpMb: number
  /** Called in the order of arrival; reply once, now or later. */
  onRequest(request: RuntimeRequest, reply: (reply: RuntimeReply) => void): void
  /** Bytes the function wrote to stdout or stderr. The host has bounded their rate; what it dropped is counted. */
  onOutput(chunk: Uint8Array, droppedBytes: number): void
  /** The process exists: `queuedMs` behind other starts, `startedMs` from the launcher's fork until exec. */
  onStarted(timing: SandboxStart): void
  /** Nothing of the tree is left. */
  onExit(exit: SandboxExit): void
  /** Wanted where extensions are to be run; without it those of `/opt/extensions` are not. */
  readonly extensions?: ExtensionHooks | undefined
}

export interface SandboxStart {
  readonly queuedMs: Ms
  readonly startedMs: Ms
  /**
   * File names of the external extensions that were started with it. When there are any, the runtime starts with
   * `begin`, and its end and theirs are told apart from the sandbox's.
   */
  readonly extensions?: readonly string[] | undefined
}

/** What external extensions do; nothing of it is called in sandboxes without any. */
export interface ExtensionHooks {
  /** Bytes that an extension wrote; which one is not known. */
  onOutput(chunk: Uint8Array, droppedBytes: number): void
  onExit(name: string, exit: SandboxExit): void
  /** The runtime has ended, and extensions may still be there. */
  onRuntimeExit(exit: SandboxExit): void
}

/** Where a process of an environment listens, on an address of the environment's own. */
export interface SandboxListener {
  readonly protocol: 'HTTP' | 'TCP'
  readonly port: number
  /** For HTTP. */
  readonly path: string
}

export interface SandboxUsage {
  /** CPU time of the whole tree since it started. */
  readonly cpuMs: Ms
  /** Time the tree stood still because its quota was used up. */
  readonly throttledMs: Ms
  /** Time the tree's threads were runnable and waited for a core of this machine. */
  readonly runQueueMs: Ms
  /** Since the last start of the process, without files of /tmp that the kernel holds in memory. */
  readonly peakMemoryBytes: number
  /** Measured when it is read, which is not free; the others when `usage()` is called. */
  readonly tmpBytes: number
}

export interface Sandbox {
  readonly id: string
  /** CPU share by memory (`proportional`, during invoke) or a whole core or more (`burst`, during init). */
  cpu(share: 'proportional' | 'burst'): void
  /** Off the answer's path; lifts the quota first. Idempotent. */
  freeze(): void
  thaw(): void
  /** Counters since the start of the process; cheap enough for every invoke. */
  usage(): SandboxUsage
  /** Starts the runtime's process tree again after its end, keeping `/tmp`. `onStarted` and `onExit` follow as before. */
  restart(): void
  /** Ends every process of the tree at once; the sandbox stays for `restart`. `onExit` follows. */
  kill(): void
  /** Starts the runtime beside its extensions. Harmless in a sandbox without any. */
  begin(): void
  /** SIGTERM to the function's innermost process, and nothing more. */
  terminate(): void
  /** One body to a listener inside. False when it was not taken in that time; never throws. */
  send(to: SandboxListener, body: Uint8Array, timeoutMs: Ms): Promise<boolean>
  /** SIGTERM to the function's innermost process, SIGKILL to the tree after the grace, then everything is removed. */
  destroy(graceMs: Ms): Promise<void>
}

export interface Sandboxes {
  modes(): SandboxModes
  /** Extracts and checks a package: at most `unzippedMax` bytes, no `..`, no absolute names, no links out of the folder. */
  stage(zip: Uint8Array, unzippedMax: number): Promise<Staging>
  /** The staged code of that id if its folder is still there (a restart of the platform keeps it). */
  staged(id: string): Promise<boolean>
  /** Looks for an interpreter and fetches what the runtime brings (a Node binary, the AWS SDK), with progress. */
  runtime(identifier: string): Promise<FoundRuntime>
  start(spec: SandboxSpec): Sandbox
  /** Ends all sandboxes, for the platform's end and for reset. */
  clear(): Promise<void>
}
