// Books an order: 150 ms of waiting for others (payment, stock), then some CPU time. From an API, or from a queue.
import { pbkdf2Sync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

async function book(order) {
  await setTimeout(150)
  pbkdf2Sync(JSON.stringify(order), 'order', 5_000, 32, 'sha256')
}

export const fromApi = async ({ body }) => {
  await book(JSON.parse(body))
  return { statusCode: 201, body: JSON.stringify({ booked: true }) }
}

export const fromQueue = async ({ Records }) => {
  for (const { body } of Records) await book(JSON.parse(body))
}
