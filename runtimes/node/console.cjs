/**
 * The console of a function: one line an entry with time, request id and level, or JSON when the function's log format
 * says so. Newlines inside a text entry become carriage returns, so that one entry stays one event.
 * Source: Lambda developer guide, logging for Node.js, and AWS's public Node.js interface client.
 */
'use strict'
const { writeSync } = require('node:fs')
const { format } = require('node:util')

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON'

let requestId

exports.setRequestId = (id) => {
  requestId = id
  globalThis[Symbol.for('aws.lambda.runtime.requestId')] = id
}

/** The pipe may be non-blocking once the function has touched process.stdout: then a full pipe is waited for. */
function writeLine(line) {
  let bytes = Buffer.from(line)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes))
    } catch (error) {
      if (error.code !== 'EAGAIN') return // nobody reads any more: the environment is ending
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}

function text(level, message, ...rest) {
  const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${format(message, ...rest)}`
  writeLine(`${line.replaceAll('\n', '\r')}\n`)
}

function errorMembers(_key, value) {
  if (!(value instanceof Error)) return value
  const stackTrace = typeof value.stack === 'string' ? value.stack.split('\n') : value.stack
  const named = {
    errorType: value.constructor?.name ?? 'UnknownError',
    errorMessage: value.message,
    stackTrace,
  }
  return Object.assign(named, value) // then the user's own members
}

function jsonEntry(level, params) {
  const entry = { timestamp: new Date().toISOString(), level, requestId }
  if (params.length === 1) {
    try {
      return JSON.stringify({ ...entry, message: params[0] }, errorMembers)
    } catch {
      return JSON.stringify({ ...entry, message: format(params[0]) })
    }
  }
  const error = params.find((param) => param instanceof Error)
  const about =
    error === undefined
      ? {}
      : {
          errorType: error.constructor?.name ?? 'UnknownError',
          errorMessage: error.message,
          stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
        }
  return JSON.stringify({ ...entry, message: format(...params), ...about })
}

const log = json
  ? (level, ...params) => writeLine(`${jsonEntry(level, params).replaceAll('\n', '\r')}\n`)
  : text

exports.patchConsole = () => {
  const least = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()))
  const at = (level) => (LEVELS.indexOf(level) >= least ? (...params) => log(level, ...params) : () => {})
  console.trace = at('TRACE')
  console.debug = at('DEBUG')
  console.info = at('INFO')
  console.log = console.info
  console.warn = at('WARN')
  console.error = at('ERROR')
  console.fatal = (...params) => log('FATAL', ...params)
}

/** The line of an error that ends an invocation or the process; the JSON begins with a tab. */
exports.logError = (title, error) => {
  const { intoError, formatted } = require('./errors.cjs')
  if (json) console.error(intoError(error))
  else console.error(title, formatted(intoError(error)))
}
