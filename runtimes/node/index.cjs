/**
 * The Node.js runtime client: loads the user's handler, takes events from the Runtime API and answers them. Plain
 * CommonJS over a bare socket, because loading node:http alone would nearly double the start. What is needed only when
 * something fails is in errors.cjs, what streaming handlers need in streaming.cjs.
 * Source of the behaviour: Lambda developer guide (Node.js handlers) and AWS's public Node.js interface client.
 */
'use strict'
const { connect } = require('./connection.cjs')
const { setRequestId, patchConsole, logError } = require('./console.cjs')

const errors = () => require('./errors.cjs')
const modern = Number(process.versions.node.split('.', 1)[0]) >= 24

const API = '/2018-06-01/runtime'
const api = connect(process.env._WINDTUNNEL_RUNTIME_SOCKET ?? process.env.AWS_LAMBDA_RUNTIME_API)
delete process.env._WINDTUNNEL_RUNTIME_SOCKET

/** What the next `beforeExit` does: the event loop is empty although the invocation is not answered. */
let onLoopEmpty = () => {}
process.on('beforeExit', () => onLoopEmpty())

/** Where an error goes that nobody caught: to the initialisation, or to the invocation that runs. */
let reportTo = `${API}/init/error`
/** The response that a streaming handler writes: an error that nobody caught ends it. */
let openStream

function reportError(path, error, then) {
  const payload = errors().toPayload(error)
  const type = payload.errorType.replace(/[^\x20-\x7e]/g, '')
  api.post(path, JSON.stringify(payload), `Lambda-Runtime-Function-Error-Type: ${type}\r\n`, then)
}

function die(title, error, exitCode) {
  logError(title, error)
  if (openStream?.isOpen === true && !openStream.writableFinished) {
    void openStream.sent.then(() => process.exit(exitCode))
    openStream.fail(error)
    return
  }
  reportError(reportTo, error, () => process.exit(exitCode))
}
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129))
process.on('unhandledRejection', (reason, promise) => {
  die('Unhandled Promise Rejection', new (errors().UnhandledPromiseRejection)(reason, promise), 128)
})

patchConsole()

/**
 * AWS's runtimes start Node.js with --expose-gc. With that flag V8 refuses the compiled code that Node.js brings for its
 * own modules, 3 ms of every start for node:net alone: so `gc` is there, and made when a function first looks at it.
 */
const defineGc = (value) =>
  Object.defineProperty(globalThis, 'gc', { value, writable: true, configurable: true, enumerable: false })
Object.defineProperty(globalThis, 'gc', {
  get() {
    require('node:v8').setFlagsFromString('--expose-gc')
    defineGc(require('node:vm').runInNewContext('gc'))
    return globalThis.gc
  },
  set: defineGc,
  configurable: true,
  enumerable: false,
})

/** What the headers of an event and the environment say, as the user's context object shows it. */
function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  return {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: jsonHeader(headers['lambda-runtime-client-context']),
    identity: jsonHeader(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  }
}

const jsonHeader = (value) => (value === undefined || value === '' ? undefined : JSON.parse(value))

function serialized(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null'
  } catch {
    if (modern) throw new (errors().JSONStringifyError)('Unable to stringify response body')
    throw new Error('Unable to stringify response body')
  }
}

/** One invocation: what has been answered, and how. */
function invocation(id, next, highWaterMark) {
  const path = `${API}/invocation/${encodeURIComponent(id)}`
  return {
    path,
    next,
    highWaterMark,
    succeed(result) {
      api.post(`${path}/response`, serialized(result), '')
      next()
    },
    fail(error) {
      logError('Invoke Error', error)
      reportError(`${path}/error`, error)
      next()
    },
  }
}

/** The context members and the callback of Node.js runtimes before 24. Only the first answer counts. */
function callbacks(invoke) {
  let waits = true
  let finished = false
  let answered = false
  const complete = (result) => {
    if (answered) {
      console.error(
        'Invocation has already been reported as done. Cannot call complete more than once per invocation.',
      )
      return
    }
    answered = true
    invoke.succeed(result)
  }
  const done = (error, result) => {
    onLoopEmpty = () => {}
    if (error !== undefined && error !== null) invoke.fail(error)
    else complete(result)
  }
  const callback = (error, result) => {
    onLoopEmpty = () => {}
    if (error !== undefined && error !== null) invoke.fail(error)
    else if (!waits) complete(result)
    else onLoopEmpty = () => setImmediate(() => complete(result))
  }
  // finished is set after the call, so that an answer that cannot be serialised can still be failed
  const once =
    (answer) =>
    (...args) => {
      if (finished) return
      answer(...args)
      finished = true
    }
  const members = {
    get callbackWaitsForEmptyEventLoop() {
      return waits
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waits = value
    },
    succeed: once((result) => done(null, result)),
    fail: once((error) => (error === undefined || error === null ? done('handled') : done(error))),
    done: once(done),
  }
  return { callback: once(callback), members, close: () => (answered = true) }
}

const isPromise = (value) => Boolean(value) && typeof value.then === 'function'

/** Node.js 20 and 22: callbacks, context.done and waiting for an empty event loop. */
function handleWithCallbacks(handler, event, context, invoke) {
  const { callback, members, close } = callbacks(invoke)
  const isAsync = handler.constructor?.name === 'AsyncFunction'
  onLoopEmpty = () => {
    close()
    onLoopEmpty = () => {}
    if (isAsync) invoke.fail(new (errors().NodeJsExit)())
    else invoke.succeed(null)
  }
  try {
    const result = handler(event(), Object.assign(members, context), callback)
    if (isPromise(result)) result.then(members.succeed, members.fail).catch(members.fail)
  } catch (error) {
    callback(error)
  }
}

/** Node.js 24 and later: what the handler returns or resolves to is the answer. */
async function handleReturned(handler, event, context, invoke) {
  onLoopEmpty = () => {
    onLoopEmpty = () => {}
    invoke.fail(new (errors().NodeJsExit)())
  }
  try {
    const result = await handler(event(), context)
    onLoopEmpty = () => {}
    invoke.succeed(result)
  } catch (error) {
    onLoopEmpty = () => {}
    invoke.fail(error)
  }
}

/** Streaming handlers of all versions: what the handler writes is the answer, what it returns is not. */
async function handleStreaming(handler, event, context, { path, next, highWaterMark }) {
  const { ResponseStream } = require('./streaming.cjs')
  const stream = new ResponseStream(api, `${path}/response`, highWaterMark)
  stream.on('error', () => {}) // the handler's pipeline tells it
  openStream = stream
  let waits = true
  const streaming = {
    get callbackWaitsForEmptyEventLoop() {
      return waits
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waits = value
    },
  }
  const goOn = () => {
    openStream = undefined
    onLoopEmpty = () => {}
    if (!waits) next()
    else
      onLoopEmpty = () => {
        onLoopEmpty = () => {}
        next()
      }
  }
  let isOver = false
  const fail = (error) => {
    if (isOver) return
    isOver = true
    logError('Invoke Error', error)
    void stream.sent.then(goOn)
    stream.fail(error)
  }
  onLoopEmpty = () => fail(new (errors().NodeJsExit)())
  try {
    const answer = handler(event(), stream, Object.assign(streaming, context))
    if (!isPromise(answer)) {
      fail('Streaming does not support non-async handlers.')
      return
    }
    if ((await answer) !== undefined) console.warn('Streaming handlers ignore return values.')
    await stream.sent
    if (isOver) return
    isOver = true
    goOn()
  } catch (error) {
    fail(error)
  }
}

/** The event; a custom resource's carries where its answer goes. */
function eventOf(body) {
  const event = JSON.parse(body)
  if (typeof event?.ResponseURL === 'string') require('./answers.cjs').lead(event.ResponseURL)
  return event
}

const handleWhole = modern ? handleReturned : handleWithCallbacks

function serve({ handler, isStreaming, highWaterMark }) {
  const handle = isStreaming ? handleStreaming : handleWhole
  const next = () => setImmediate(ask)
  const ask = () => {
    api.get(`${API}/invocation/next`, (headers, body) => {
      const id = headers['lambda-runtime-aws-request-id']
      const trace = headers['lambda-runtime-trace-id']
      setRequestId(id)
      if (trace === undefined) delete process.env._X_AMZN_TRACE_ID
      else process.env._X_AMZN_TRACE_ID = trace
      const invoke = invocation(id, next, highWaterMark)
      reportTo = `${invoke.path}/error`
      void handle(handler, () => eventOf(body), contextOf(headers), invoke)
    })
  }
  ask()
}

/** Only for `windtunnel imports`: what was loaded is told before the first event is asked for. */
async function watched(load) {
  delete process.env._WINDTUNNEL_IMPORTS
  const path = '/windtunnel/imports'
  const order = await new Promise((resolve) => api.get(path, (_, body) => resolve(JSON.parse(body))))
  const end = require('./imports.cjs').watch(process.env.LAMBDA_TASK_ROOT, order)
  const handler = await load()
  api.post(path, JSON.stringify(await end()), '')
  return handler
}

const { load } = require('./load.cjs')
const loaded = () => load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER, modern)
const loading = process.env._WINDTUNNEL_IMPORTS === undefined ? loaded() : watched(loaded)
loading.then(serve, (error) => die('Uncaught Exception', error, 129))
