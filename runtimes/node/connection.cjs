/**
 * The Runtime API's client side: HTTP/1.1 over one kept-alive socket (a unix socket, or TCP), requests answered in
 * order. The socket keeps the event loop alive only while an answer is awaited. Not a general HTTP client: the server is
 * the platform, which always sends Content-Length.
 */
'use strict'
const net = require('node:net')

const HEAD_END = Buffer.from('\r\n\r\n')

/** `address` is a path of a unix socket or `host:port`. */
exports.connect = function connect(address) {
  const colon = address.lastIndexOf(':')
  const socket = address.startsWith('/')
    ? net.connect(address)
    : net.connect(Number(address.slice(colon + 1)), address.slice(0, colon))
  const waiting = []
  let parts = []
  let size = 0
  let needed = 0

  const answer = (buffer) => {
    const head = buffer.indexOf(HEAD_END)
    if (head === -1) return -1
    const headers = headersOf(buffer.latin1Slice(0, head))
    const end = head + 4 + Number(headers['content-length'] ?? 0)
    if (buffer.length < end) {
      needed = end
      return -1
    }
    const then = waiting.shift()
    if (waiting.length === 0) socket.unref()
    then?.(headers, buffer.utf8Slice(head + 4, end))
    return end
  }
  socket.on('data', (chunk) => {
    parts.push(chunk)
    size += chunk.length
    if (size < needed) return
    let buffer = parts.length === 1 ? chunk : Buffer.concat(parts)
    needed = 0
    parts = []
    size = 0
    while (buffer.length > 0) {
      const used = answer(buffer)
      if (used === -1) {
        parts = [buffer]
        size = buffer.length
        return
      }
      buffer = buffer.subarray(used)
    }
  })
  // without the platform there is nothing left to do
  socket.on('error', () => process.exit(1))
  socket.on('close', () => process.exit(1))
  socket.setNoDelay(true)
  socket.unref()

  const send = (text, then) => {
    waiting.push(then)
    socket.ref()
    socket.write(text)
  }
  return {
    get: (path, then) => send(`GET ${path} HTTP/1.1\r\nHost: runtime\r\n\r\n`, then),
    post: (path, body, moreHeaders, then) =>
      send(
        `POST ${path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n${moreHeaders}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        then,
      ),
    /** A chunked post that is written piece by piece. Nothing else may be sent before its end. */
    open(path, headers, then) {
      send(`POST ${path} HTTP/1.1\r\nHost: runtime\r\nTransfer-Encoding: chunked\r\n${headers}\r\n`, then)
      return chunked(socket)
    },
  }
}

const chunked = (socket) => ({
  write(chunk, written) {
    if (chunk.length === 0) {
      written?.()
      return
    }
    socket.cork()
    socket.write(`${chunk.length.toString(16)}\r\n`)
    socket.write(chunk)
    socket.write('\r\n', written)
    socket.uncork()
  },
  /** `trailers` are lines with their ends. */
  end: (trailers) => socket.write(`0\r\n${trailers}\r\n`),
})

function headersOf(head) {
  const headers = {}
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return headers
}
