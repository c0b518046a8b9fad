/**
 * Finds and loads the user's handler: `folder/file.export.nested`. `.mjs`, and `.js` below a package.json with
 * `"type": "module"`, are imported; everything else is required.
 * Source: Lambda developer guide, Node.js handlers, and AWS's public Node.js interface client.
 */
'use strict'
const { existsSync, readFileSync } = require('node:fs')
const path = require('node:path')

const errors = () => require('./errors.cjs')
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')

/**
 * Without a view of files of its own a function has no `/opt` and `/var/runtime`, where ES modules would find what layers
 * and the runtime bring; there NODE_PATH is searched for them, as AWS's Node.js does.
 */
function searchNodePath() {
  const { registerHooks } = require('node:module')
  registerHooks?.({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context)
      } catch (error) {
        if (error?.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(specifier)) throw error
        return { url: require('node:url').pathToFileURL(require.resolve(specifier)).href, shortCircuit: true }
      }
    },
  })
}

exports.load = async function load(root, handler, modern) {
  if (root !== '/var/task') searchNodePath()
  offerStreaming()
  if (handler.includes('..')) {
    throw new (errors().MalformedHandlerName)(
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  }
  const base = path.basename(handler)
  const folder = handler.slice(0, handler.indexOf(base))
  const dot = base.indexOf('.')
  if (dot === -1) throw new (errors().MalformedHandlerName)('Bad handler')
  const found = resolved(await userModule(root, folder, base.slice(0, dot)), base.slice(dot + 1), modern)
  if (!found) throw new (errors().HandlerNotFound)(`${handler} is undefined or not exported`)
  if (typeof found !== 'function') throw new (errors().HandlerNotFound)(`${handler} is not a function`)
  const isStreaming = streams(found)
  if (!isStreaming) refuseUnsupported(found, modern)
  return { handler: found, isStreaming, highWaterMark: found[HIGH_WATER_MARK] || undefined }
}

/** The global that functions find: marks a handler as one that streams. */
function offerStreaming() {
  if (/^(1|true)$/.test(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA ?? '')) return
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response'
      if (typeof options?.highWaterMark === 'number')
        handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark)
      return handler
    },
    get HttpResponseStream() {
      return require('./streaming.cjs').HttpResponseStream
    },
  }
}

function streams(handler) {
  const mark = handler[STREAMING]
  if (mark === undefined || mark === null || mark === false) return false
  if (mark === 'response') return true
  throw new (errors().MalformedStreamingHandler)('Only response streaming is supported.')
}

function refuseUnsupported(handler, modern) {
  if (handler.length < 3) return
  if (modern) {
    throw new (errors().CallbackHandlerDeprecated)(
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    )
  }
  if (process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING !== undefined) return
  if (handler.length !== 3 || handler.constructor?.name === 'AsyncFunction') return
  console.warn(
    'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to update this function to use an async handler to use Node.js 24 or later. For more information and to provide feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.',
  )
}

function resolved(from, nested, modern) {
  const within = (start) => nested.split('.').reduce((object, key) => object && object[key], start)
  return within(from) || (modern && from ? within(from.default) : undefined)
}

async function userModule(root, folder, name) {
  const file = path.resolve(root, folder, name)
  try {
    return (
      (await fromFile(file)) ?? require(require.resolve(name, { paths: [root, path.join(root, folder)] }))
    )
  } catch (error) {
    if (error instanceof SyntaxError) throw new (errors().UserCodeSyntaxError)(error)
    if (error?.code === 'MODULE_NOT_FOUND') {
      const { ImportModuleError } = errors()
      throw new ImportModuleError(asAwsShowsIt(`Error: ${error.message}`))
    }
    throw error
  }
}

/** AWS's client is one file: the require stack ends with it. */
const asAwsShowsIt = (message) =>
  message.replace(`\n- ${require.main?.filename}`, '').replaceAll(__filename, '/var/runtime/index.mjs')

async function fromFile(file) {
  if (existsSync(file) && !isFolder(file)) return require(file)
  if (existsSync(`${file}.js`)) {
    return isModuleFolder(path.dirname(file)) ? imported(`${file}.js`) : required(`${file}.js`)
  }
  if (existsSync(`${file}.mjs`)) return imported(`${file}.mjs`)
  return existsSync(`${file}.cjs`) ? require(`${file}.cjs`) : undefined
}

const isFolder = (file) => require('node:fs').statSync(file).isDirectory()

const imported = (file) => import(require('node:url').pathToFileURL(file).href)

/** Where Node.js lets `require` load ES modules, one with top-level await still has to be imported. */
async function required(file) {
  try {
    return require(file)
  } catch (error) {
    if (error?.code === 'ERR_REQUIRE_ASYNC_MODULE') return imported(file)
    throw error
  }
}

function isModuleFolder(folder) {
  if (folder.endsWith('/node_modules')) return false
  const manifest = path.join(folder, 'package.json')
  if (existsSync(manifest)) {
    try {
      return JSON.parse(readFileSync(manifest, 'utf8'))?.type === 'module'
    } catch (error) {
      console.warn(`${manifest} cannot be read, it will be ignored for ES module detection purposes.`, error)
      return false
    }
  }
  return folder === '/' ? false : isModuleFolder(path.dirname(folder))
}
