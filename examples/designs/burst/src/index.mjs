// Renders one page of a report: loads its fonts once (an expensive start), then about 20 ms of CPU time a page.
import { pbkdf2Sync } from 'node:crypto'

pbkdf2Sync('fonts', 'load', 200_000, 32, 'sha256')

const render = (page) => pbkdf2Sync(page, 'render', 20_000, 32, 'sha256').toString('hex')

export const handler = async (event) => {
  if (event.Records === undefined) return { statusCode: 200, body: render(event.body ?? '') }
  return event.Records.map(({ body }) => render(body))
}
