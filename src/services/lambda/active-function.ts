/** A function as environments run it: one generation of its code and configuration, never changed afterwards. */
import { createHash } from 'node:crypto'
import type { StagedCode } from '#ports/sandboxes.ts'
import type { Owner } from '#services/lambda/names.ts'
import type { Ms } from '#base/time.ts'

export interface ActiveFunction {
  readonly owner: Owner
  readonly name: string
  /** `$LATEST` or a number. */
  readonly version: string
  /** `name:version`: what environments are kept by. */
  readonly key: string
  /** Unqualified. */
  readonly arn: string
  /** What its runs leave in the Lineage of a trace header. */
  readonly lineageMark: string
  /** Grows with each update; environments of older generations end after their work. */
  readonly generation: number
  readonly code: StagedCode
  /** In `/opt`, later ones over earlier ones. */
  readonly layers: readonly StagedCode[]
  readonly runtime: {
    /** What the sandbox takes, such as `nodejs22.x`. */
    readonly identifier: string
    /** As INIT_START prints it. */
    readonly version: string
    readonly versionArn: string
  }
  readonly handler: string
  /** ARN of the execution role: whose credentials the function finds in its environment. */
  readonly role: string
  readonly timeoutMs: Ms
  readonly memoryMb: number
  readonly ephemeralMb: number
  readonly architecture: string
  readonly variables: Readonly<Record<string, string>>
  readonly logGroup: string
  readonly logFormat: string
  readonly applicationLogLevel: string | undefined
  /** Undefined is INFO; only with the JSON format. */
  readonly systemLogLevel: string | undefined
  /** Tracing is Active: REPORT names the trace. */
  readonly traced: boolean
}

/** The ARN of a runtime version: AWS's are opaque hashes, ours is the hash of the version. */
export const runtimeVersionArn = (region: string, version: string): string =>
  `arn:aws:lambda:${region}::runtime:${createHash('sha256').update(version).digest('hex')}`
