#!/usr/bin/env node
/** `npm test`: types, lint, format and pure tests, then the quick tests with real processes and sockets. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
await run(join(root, 'tools', 'check.ts'), process.argv.slice(2))
