/**
 * Error payloads, error log lines and the runtime's own error types. Loaded only when something fails.
 * Source: Lambda developer guide, Node.js errors, and AWS's public Node.js interface client.
 */
'use strict'
const { types } = require('node:util')

const clean = (value) => String(value).replaceAll('\x7f', '%7F')

const looksLikeError = (value) =>
  Boolean(value) &&
  [value.name, value.message, value.stack].every((part) => typeof part === 'string' && part !== '')

/** The body of an error report: type, message and stack lines; for what is no error its type and text. */
exports.toPayload = (error) => {
  try {
    if (types.isNativeError(error) || looksLikeError(error)) {
      return {
        errorType: clean(error.name),
        errorMessage: clean(error.message),
        trace: clean(error.stack).split('\n'),
      }
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] }
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    }
  }
}

exports.intoError = (value) => (value instanceof Error ? value : new Error(value))

function withMembers(_key, value) {
  if (!(value instanceof Error)) return value
  const named = { errorType: value.name, errorMessage: value.message, code: value.code }
  const shown = Object.assign(named, value) // then the user's own members
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n')
  return shown
}

exports.formatted = (error) => {
  try {
    return `\t${JSON.stringify(error, withMembers)}`
  } catch {
    return `\t${JSON.stringify(exports.toPayload(error))}`
  }
}

const NAMES = [
  'ImportModuleError',
  'HandlerNotFound',
  'MalformedHandlerName',
  'UserCodeSyntaxError',
  'MalformedStreamingHandler',
  'InvalidStreamingOperation',
  'JSONStringifyError',
  'CallbackHandlerDeprecated',
]
for (const name of NAMES) {
  const kind = class extends Error {}
  Object.defineProperty(kind, 'name', { value: name })
  kind.prototype.name = `Runtime.${name}`
  exports[name] = kind
}

exports.NodeJsExit = class NodeJsExit extends Error {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
    )
  }
}
exports.NodeJsExit.prototype.name = 'Runtime.NodeJsExit'

exports.UnhandledPromiseRejection = class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason)
    this.reason = reason
    this.promise = promise
  }
}
exports.UnhandledPromiseRejection.prototype.name = 'Runtime.UnhandledPromiseRejection'
