/** Settings of text messages, and the list of numbers that want none. No text message is ever sent from here, so nobody opts out. */
import { Records } from '#base/records.ts'
import type { Sns } from '#model/sns.ts'
import type { Operation } from '#ports/service.ts'
import { invalid, refused } from '#services/sns/faults.ts'
import { ownerParts } from '#services/sns/names.ts'
import type { SnsState } from '#services/sns/state.ts'

const SETTINGS = new Records<Readonly<Record<string, string>>>('sns-sms-settings')
/** Source: SNS API, SetSMSAttributes. */
const NAMES = [
  'DefaultSMSType',
  'DefaultSenderID',
  'DeliveryStatusIAMRole',
  'DeliveryStatusSuccessSamplingRate',
  'MonthlySpendLimit',
  'UsageReportS3Bucket',
]
/** What every account begins with. Source: recorded AWS answer. */
const INITIAL = { MonthlySpendLimit: '1' }

/** Faults InvalidParameter. Source: SNS API, SetSMSAttributes; recorded AWS answers. */
export const setSMSAttributes: Operation<Sns['SetSMSAttributes'], SnsState> = async (input, state, call) => {
  for (const [name, value] of Object.entries(input.attributes)) {
    if (!NAMES.includes(name)) throw refused(`${name} is not a valid attribute`)
    if (name === 'DefaultSMSType' && value !== 'Promotional' && value !== 'Transactional')
      throw refused('DefaultSMSType is invalid')
    if (name === 'DefaultSenderID' && !/^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/.test(value))
      throw refused('DefaultSenderID is not a valid attribute')
  }
  await state.control.tx(async (tx) => {
    const before = (await SETTINGS.get(tx, ownerParts(call), 'all')) ?? INITIAL
    SETTINGS.put(tx, ownerParts(call), ['all'], { ...before, ...input.attributes })
  })
  return {}
}

/** Source: SNS API, GetSMSAttributes; recorded AWS answers. */
export const getSMSAttributes: Operation<Sns['GetSMSAttributes'], SnsState> = async (input, state, call) => {
  const all = (await SETTINGS.get(state.control.read, ownerParts(call), 'all')) ?? INITIAL
  const wanted = input.attributes ?? []
  const shown = Object.entries(all).filter(([name]) => wanted.length === 0 || wanted.includes(name))
  return { attributes: Object.fromEntries(shown) }
}

/** Source: recorded AWS answer. */
function checkPhoneNumber(number: string): void {
  if (!/^\+?[0-9]{5,20}$/.test(number)) throw invalid('PhoneNumber Reason: input incorrectly formatted')
}

/** Source: SNS API, CheckIfPhoneNumberIsOptedOut. */
export const checkIfPhoneNumberIsOptedOut: Operation<Sns['CheckIfPhoneNumberIsOptedOut'], SnsState> = (
  input,
) => {
  checkPhoneNumber(input.phoneNumber)
  return { isOptedOut: false }
}

/** Source: SNS API, ListPhoneNumbersOptedOut. */
export const listPhoneNumbersOptedOut: Operation<Sns['ListPhoneNumbersOptedOut'], SnsState> = () => ({
  phoneNumbers: [],
})

/** Harmless for a number that has not opted out. Source: SNS API, OptInPhoneNumber; recorded AWS answer. */
export const optInPhoneNumber: Operation<Sns['OptInPhoneNumber'], SnsState> = (input) => {
  checkPhoneNumber(input.phoneNumber)
  return {}
}
