#!/usr/bin/env node
// The slow suites, for continuous integration: crash loops, clients of others, browsers, floods.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
await run(join(root, 'tools', 'run-tests.ts'), ['test/**/*.slow.test.ts', 'test/crash/*.test.ts', ...process.argv.slice(2)])
