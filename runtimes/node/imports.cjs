/**
 * Watches what is loaded before the handler, for `windtunnel imports`: which module took how long by itself, who asked
 * for it first, and what it exports. With `lazy`, modules that the function's own files import are put off until
 * something of them is used, so that what such a change saves is measured and not guessed. Not part of a usual start.
 */
'use strict'
const Module = require('node:module')
const { statSync } = require('node:fs')
const { fileURLToPath, pathToFileURL } = require('node:url')

const MODULES_MAX = 5_000
const OF_FUNCTIONS = /^(length|name|prototype|caller|arguments)$/
const LAZY = 'windtunnel-lazy:'

/** @typedef {{ id: string, parent: string | undefined, specifier: string, selfMs: number, order: number }} Loaded */

/** `order` is `{ lazy: [{ id, exports }] }`; gives back what ends the watch and returns its record. */
exports.watch = function watch(root, order) {
  const began = performance.now()
  const times = stopwatch()
  const isOwn = (id) => id.startsWith(`${root}/`) && !id.includes('/node_modules/')
  const lazy = new Map((order.lazy ?? []).map((one) => [one.id, one.exports]))
  const put = putOff()
  watchRequire({ times, isOwn, lazy, put })
  const seesModules = typeof Module.registerHooks === 'function'
  if (seesModules) watchImport({ times, isOwn, lazy, put })
  return async () => {
    const loadMs = performance.now() - began
    times.stop()
    const modules = times.loaded().slice(0, MODULES_MAX)
    return {
      bootMs: began,
      loadMs,
      seesModules,
      modules: modules.map((one) => ({ ...one, bytes: bytesOf(one.id) })),
      own: modules.map(({ id }) => id).filter(isOwn),
      exports: await exportsOf(modules, isOwn),
      used: put.used(),
    }
  }
}

/** Times that lie within each other: what a module takes by itself is its time without that of others within it. */
function stopwatch() {
  /** @type {Map<string, Loaded>} */
  const all = new Map()
  const open = []
  let since = performance.now()
  let running = true
  let prepared
  const charge = (whose = open.at(-1)) => {
    const now = performance.now()
    if (whose !== undefined && running) whose.selfMs += now - since
    since = now
    prepared = undefined
  }
  return {
    enter(id, parent, specifier) {
      charge()
      let one = all.get(id)
      if (one === undefined) {
        one = { id, parent, specifier: specifier ?? id, selfMs: 0, order: all.size }
        all.set(id, one)
      }
      open.push(one)
    },
    /** What Node.js does with a module that it has just read, before it asks for the next one, is that module's. */
    preparing(id) {
      if (open.length === 0) prepared = all.get(id)
    },
    nextAsked() {
      charge(open.at(-1) ?? prepared)
    },
    /** With top-level await, modules may end in another order than they began in. */
    leave(id) {
      charge()
      const at = open.findLastIndex((one) => one.id === id)
      if (at !== -1) open.splice(at, 1)
    },
    stop() {
      charge()
      running = false
    },
    has: (id) => all.has(id),
    loaded: () => [...all.values()],
  }
}

function watchRequire({ times, isOwn, lazy, put }) {
  const { _load: loadNow, _resolveFilename: resolve } = Module
  const { load } = Module.prototype
  let asked
  Module._load = function (request, parent, ...rest) {
    const importer = parent?.filename ?? undefined
    if (Module.isBuiltin(request)) {
      const id = request.startsWith('node:') ? request : `node:${request}`
      if (times.has(id)) return loadNow.call(this, request, parent, ...rest)
      times.enter(id, importer, request)
      try {
        return loadNow.call(this, request, parent, ...rest)
      } finally {
        times.leave(id)
      }
    }
    if (importer !== undefined && isOwn(importer) && lazy.size > 0) {
      const id = resolve.call(Module, request, parent)
      const names = lazy.get(id)
      if (names !== undefined)
        return put.module(id, names, () => loadNow.call(this, request, parent, ...rest))
    }
    asked = { request, importer }
    return loadNow.call(this, request, parent, ...rest)
  }
  Module.prototype.load = function (filename) {
    times.enter(filename, asked?.importer ?? this.parent?.filename, asked?.request)
    asked = undefined
    try {
      return load.call(this, filename)
    } finally {
      times.leave(filename)
    }
  }
}

const idOf = (url) => (url.startsWith('file:') ? fileURLToPath(url) : url)

/** Every module that is not CommonJS says itself when its own code begins and ends. */
function watchImport({ times, isOwn, lazy, put }) {
  const first = new Map()
  globalThis[Symbol.for('windtunnel.imports')] = { enter: times.enter, leave: times.leave, put }
  Module.registerHooks({
    resolve(specifier, context, next) {
      times.nextAsked()
      const found = next(specifier, context)
      const importer = context.parentURL === undefined ? undefined : idOf(context.parentURL)
      const id = idOf(found.url)
      if (importer === undefined || context.conditions?.includes('require')) return found
      if (lazy.has(id) && isOwn(importer))
        return { url: `${LAZY}${id}`, format: 'module', shortCircuit: true }
      if (!first.has(id)) first.set(id, { importer, specifier })
      return found
    },
    load(url, context, next) {
      if (url.startsWith(LAZY)) {
        const id = url.slice(LAZY.length)
        return { format: 'module', source: put.source(id, lazy.get(id)), shortCircuit: true }
      }
      const id = idOf(url)
      const asker = first.get(id)
      if (asker === undefined) return next(url, context)
      times.nextAsked()
      times.enter(id, asker.importer, asker.specifier)
      try {
        const found = next(url, context)
        if (found.format === 'builtin') process.getBuiltinModule?.(url)
        return found.format === 'module' ? { ...found, source: marked(id, String(found.source)) } : found
      } finally {
        times.leave(id)
        times.preparing(id)
      }
    },
  })
}

/** On the first line and after the last one, so that the lines of errors stay. */
function marked(id, source) {
  const watch = "globalThis[Symbol.for('windtunnel.imports')]"
  const name = JSON.stringify(id)
  const hashbang = source.startsWith('#!') ? '//' : ''
  return `${watch}.enter(${name});${hashbang}${source}\n;${watch}.leave(${name});`
}

/** A proxy that passes everything on to what `real` gives, but for its own traps. */
function standIn(target, real, own = {}) {
  const traps = {}
  for (const name of Object.getOwnPropertyNames(Reflect)) {
    if (typeof Reflect[name] === 'function') traps[name] = (_, ...args) => Reflect[name](real(), ...args)
  }
  return new Proxy(target, { ...traps, ...own })
}

/** What is exported under that name before the module is loaded: its literal, or a stand-in of the same kind. */
function member(kind, get) {
  if (typeof kind === 'object') return kind.value
  return kind === 'function' ? standIn(function () {}, get) : standIn({}, get) // a function can be called and constructed
}

/** Modules that are loaded when something of them is used. */
function putOff() {
  const used = new Set()
  const loaders = new Map()
  const known = new Map()
  const real = (id) => {
    used.add(id)
    const loaded = loaders.get(id)()
    loaders.set(id, () => loaded)
    return loaded
  }
  return {
    used: () => [...used],
    /** For `require`. */
    module(id, names, load) {
      if (!loaders.has(id)) loaders.set(id, load)
      const kinds = new Map(names)
      const target = kinds.get('module.exports') === 'function' ? function () {} : {}
      return standIn(target, () => real(id), {
        get(_, name) {
          const kind = used.has(id) ? undefined : kinds.get(name)
          return kind === undefined ? real(id)[name] : member(kind, () => real(id)[name])
        },
      })
    },
    /** For `import`: a module of stand-ins. What it stands for is loaded by `require`, which takes ES modules where Node.js lets it. */
    source(id, names) {
      const require = Module.createRequire(id.startsWith('/') ? id : __filename)
      loaders.set(id, () => require(id))
      known.set(id, new Map(names))
      const exported = new Set(names.map(([name]) => name).filter((name) => name !== 'module.exports'))
      exported.add('default')
      return [
        `const { put } = globalThis[Symbol.for('windtunnel.imports')]`,
        ...[...exported].map(
          (name, i) => `const v${i} = put.exported(${JSON.stringify(id)}, ${JSON.stringify(name)})`,
        ),
        `export { ${[...exported].map((name, i) => `v${i} as ${JSON.stringify(name)}`).join(', ')} }`,
      ].join(';\n')
    },
    exported(id, name) {
      const kinds = known.get(id)
      // what `import` calls the default of a CommonJS module is the whole of it
      const kind = kinds.get(name) ?? kinds.get('module.exports')
      return member(kind, () => {
        const loaded = real(id)
        const isModule = loaded?.[Symbol.toStringTag] === 'Module' || loaded?.__esModule === true
        return name !== 'default' || isModule ? loaded[name] : loaded
      })
    },
  }
}

/** Names and kinds of what the function's own files import: `function`, `object`, or a literal as `{ value }`. */
async function exportsOf(modules, isOwn) {
  const found = {}
  for (const { id, parent } of modules) {
    if (parent === undefined || !isOwn(parent)) continue
    const loaded = require.cache[id]?.exports ?? (await namespaceOf(id))
    if (loaded === undefined || loaded === null) continue
    const names = Object.getOwnPropertyNames(loaded).filter((name) => !OF_FUNCTIONS.test(name))
    found[id] = [
      ...names.map((name) => [name, kindOf(valueAt(loaded, name))]),
      ['module.exports', kindOf(loaded)],
    ]
  }
  return found
}

const namespaceOf = (id) => import(id.startsWith('/') ? pathToFileURL(id).href : id).catch(() => undefined)

function valueAt(loaded, name) {
  try {
    return loaded[name]
  } catch {
    return undefined // a getter that wants something
  }
}

function kindOf(value) {
  if (typeof value === 'function') return 'function'
  if (typeof value === 'object' && value !== null) return 'object'
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  return isPlain ? { value } : {}
}

function bytesOf(id) {
  try {
    return id.startsWith('/') ? statSync(id).size : 0
  } catch {
    return 0
  }
}
