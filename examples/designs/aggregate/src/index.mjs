// Adds up meter readings. A message holds one reading or a list of them; each invoke opens its destination once.
import { setTimeout } from 'node:timers/promises'

export const handler = async ({ Records }) => {
  await setTimeout(10)
  let sum = 0
  for (const { body } of Records) for (const { value } of [JSON.parse(body)].flat()) sum += value
  return { sum }
}
