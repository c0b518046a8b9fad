/**
 * What a qualifier means: `$LATEST`, a published version, or an alias, which is one or two versions by their shares. The
 * choice between two is made anew for each invoke. Source: Lambda developer guide, Aliases.
 */
import type { Random } from '#ports/random.ts'
import { functionNotFound } from '#services/lambda/faults.ts'
import {
  type FunctionReference,
  LATEST,
  type Owner,
  functionArn,
  isLatest,
  isVersionNumber,
} from '#services/lambda/names.ts'
import type { AliasRecord, FunctionRecord } from '#services/lambda/record.ts'
import type { Live, LiveFunction } from '#services/lambda/live.ts'
import type { LambdaState } from '#services/lambda/state.ts'

export const aliasOf = (record: FunctionRecord, name: string): AliasRecord | undefined =>
  record.aliases !== undefined && Object.hasOwn(record.aliases, name) ? record.aliases[name] : undefined

/** The version that a qualifier stands for; an alias stands for its first. Undefined when there is no such alias. */
export function versionNamed(record: FunctionRecord, qualifier: string | undefined): string | undefined {
  if (qualifier === undefined || qualifier === LATEST) return LATEST
  return isVersionNumber(qualifier) ? qualifier : aliasOf(record, qualifier)?.version
}

/** The same for one invoke: an alias of two versions is either of them, by their shares. */
export function versionRouted(
  record: FunctionRecord,
  qualifier: string | undefined,
  random: Random,
): string | undefined {
  const alias = qualifier === undefined ? undefined : aliasOf(record, qualifier)
  const second = alias?.second
  if (second === undefined) return versionNamed(record, qualifier)
  return random.next() < second.weight ? second.version : alias?.version
}

export interface Named {
  readonly of: LiveFunction
  /** `of` itself, or the version. */
  readonly version: Live
}

/** What the reference stands for. Fault: the function, the version or the alias is not there; the ARN has the qualifier. */
export async function versionMeant(
  state: LambdaState,
  owner: Owner,
  { name, qualifier }: FunctionReference,
): Promise<Named> {
  const of = await state.get(owner, name, qualifier)
  if (isLatest(qualifier)) return { of, version: of }
  const number = versionNamed(of.record, qualifier)
  const version = number === LATEST ? of : await findVersion(state, owner, name, number)
  if (version === undefined) throw functionNotFound(functionArn(owner, name, qualifier))
  return { of, version }
}

/** The published version of that number. */
export const findVersion = (
  state: LambdaState,
  owner: Owner,
  name: string,
  version: string | undefined,
): Live | Promise<Live | undefined> | undefined =>
  version === undefined ? undefined : state.versions.find(owner, name, version)
