/**
 * Two floors of object storage, without names, metadata or answers in XML. GET pipes a file of the size in the first
 * argument, as node's documentation shows it. PUT appends the body to one file and answers when it is on the disk; what
 * comes while a sync runs shares the next one. Prints its port.
 */
import {
  createReadStream,
  fdatasync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const folder = mkdtempSync(join(process.argv[3], 'files-'))
const path = join(folder, 'body')
writeFileSync(path, Buffer.alloc(Number(process.argv[2]), 'x'))
const log = openSync(join(folder, 'log'), 'a')

let waiting = []
let syncing = false
function sync() {
  const those = waiting
  if (syncing || those.length === 0) return
  syncing = true
  waiting = []
  writeSync(log, Buffer.concat(those.map(({ body }) => body)))
  fdatasync(log, (error) => {
    syncing = false
    for (const { response } of those) response.writeHead(error ? 500 : 200, { 'Content-Length': 0 }).end()
    sync()
  })
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': statSync(path).size,
    })
    createReadStream(path).pipe(response)
    return
  }
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    waiting.push({ body: Buffer.concat(parts), response })
    setImmediate(sync)
  })
})
server.listen(0, '127.0.0.1', () => {
  console.log(server.address().port)
})
process.stdin
  .on('close', () => {
    rmSync(folder, { recursive: true })
    process.exit(0)
  })
  .resume()
