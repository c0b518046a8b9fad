/** The floor of every API call: node:http that collects a body and answers a short text. Prints its port. */
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.on('data', () => {})
  request.on('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 11 })
    response.end('{"ok":true}')
  })
})
server.listen(0, '127.0.0.1', () => {
  console.log(server.address().port)
})
process.stdin.on('close', () => process.exit(0)).resume()
