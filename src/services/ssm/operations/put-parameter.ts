/** PutParameter: a new parameter, or a new version of one. */
import type { Ssm } from '#model/ssm.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { Tx } from '#ports/store.ts'
import {
  alreadyExists,
  oldestIsLabelled,
  tooManyParameters,
  tooManyTags,
  validation,
} from '#services/ssm/faults.ts'
import {
  ADVANCED_PARAMETERS_MAX,
  STANDARD_PARAMETERS_MAX,
  TAGS_MAX,
  VERSIONS_MAX,
} from '#services/ssm/limits.ts'
import { billInteraction } from '#services/ssm/metering.ts'
import { arnOf, checkName, keyOfName } from '#services/ssm/names.ts'
import { newVersion } from '#services/ssm/new-version.ts'
import {
  isExpired,
  ownerOf,
  type ParameterRecord,
  parameters,
  removeParameter,
  type SsmState,
  tally,
  type Tier,
  type Version,
  versions,
} from '#services/ssm/records.ts'
import { DEFAULT_KEY_ID, newNonce, seal, sealingKey } from '#services/ssm/seal.ts'

const TAGS_AND_OVERWRITE =
  "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."

/** Source: Systems Manager API, PutParameter. */
export const putParameter: Operation<Ssm['PutParameter'], SsmState> = async (input, state, call) => {
  const name = input.Name
  checkName(name, call)
  const tags = input.Tags ?? []
  if (input.Overwrite === true && tags.length > 0) throw validation(TAGS_AND_OVERWRITE)
  if (tags.length > TAGS_MAX) throw tooManyTags()
  const key = keyOfName(name)
  const version = await state.store.tx(async (tx) => {
    const before = await existing(tx, state, call, key)
    if (before !== undefined && (input.Overwrite !== true || before.name !== name)) throw alreadyExists()
    const made = newVersion(input, before, { at: state.clock.now(), user: userOf(call) })
    const sealed = await atRest(tx, state, call, { name, version: made })
    if (before === undefined) {
      await count(tx, call, undefined, made.tier)
      parameters.put(tx, ownerOf(call), [key], {
        name,
        current: sealed,
        oldest: 1,
        labels: {},
        tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
      })
      return made
    }
    await count(tx, call, before.current.tier, made.tier)
    const kept = dropOldest(tx, call, before, key)
    versions.put(tx, ownerOf(call), [key, before.current.version], before.current)
    parameters.put(tx, ownerOf(call), [key], { ...kept, current: sealed })
    return made
  })
  billInteraction(state.usage, call, name, version.tier)
  return { Version: version.version, Tier: version.tier }
}

/** Who wrote it: the account's root, as for every key here that is no session's (inferred). */
const userOf = (call: Call): string => `arn:aws:iam::${call.account}:root`

async function existing(
  tx: Tx,
  state: SsmState,
  call: Call,
  key: string,
): Promise<ParameterRecord | undefined> {
  const found = await parameters.get(tx, ownerOf(call), key)
  if (found === undefined || !isExpired(found, state.clock.now())) return found
  await removeParameter(tx, call, key)
  return undefined
}

async function atRest(
  tx: Tx,
  state: SsmState,
  call: Call,
  { name, version }: { readonly name: string; readonly version: Version },
): Promise<Version> {
  if (version.type !== 'SecureString') return version
  const key = await sealingKey(tx, state.random, call, version.keyId ?? DEFAULT_KEY_ID)
  return { ...version, value: seal(version.value, key, newNonce(state.random), arnOf(call, name)) }
}

/** Fault ParameterLimitExceeded. */
async function count(tx: Tx, call: Call, before: Tier | undefined, tier: Tier): Promise<void> {
  if (before === tier) return
  if (before !== undefined) await tally(tx, call, before, -1)
  const most = tier === 'Advanced' ? ADVANCED_PARAMETERS_MAX : STANDARD_PARAMETERS_MAX
  if ((await tally(tx, call, tier, 1)) > most) throw tooManyParameters()
}

/** Fault ParameterMaxVersionLimitExceeded. */
function dropOldest(tx: Tx, call: Call, record: ParameterRecord, key: string): ParameterRecord {
  const { oldest, current, labels } = record
  if (current.version - oldest + 1 < VERSIONS_MAX) return record
  if (Object.values(labels).includes(oldest)) throw oldestIsLabelled(record.name, oldest)
  versions.delete(tx, ownerOf(call), key, oldest)
  return { ...record, oldest: oldest + 1 }
}
