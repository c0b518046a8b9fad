/** What is held in memory of a function or a version since it was first used: its record, and what is run of it. */
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { FunctionRecord, VersionRecord } from '#services/lambda/record.ts'

/** `$LATEST` or a published version, since it was first used. */
export interface Live<R extends VersionRecord = VersionRecord> {
  record: R
  /** What invokes run: the newest generation whose code and runtime are there. */
  active: ActiveFunction | undefined
  /** The preparation under way of a generation. */
  preparing: Promise<void> | undefined
  /** Why it cannot be run on this machine, in words; empty when it can. */
  trouble: string
}

export type LiveFunction = Live<FunctionRecord>

export const newLive = <R extends VersionRecord>(record: R): Live<R> => ({
  record,
  active: undefined,
  preparing: undefined,
  trouble: '',
})
