// Writes readings of sensors: each invoke opens its destination once (10 ms of waiting), then each reading is cheap.
import { setTimeout } from 'node:timers/promises'

export const handler = async ({ Records }) => {
  await setTimeout(10)
  let sum = 0
  for (const { body } of Records) sum += JSON.parse(body).value
  return { records: Records.length, sum }
}
