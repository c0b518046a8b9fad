#!/usr/bin/env node
// `npm run bench`: the figures of bench/, each beside its floor or peer in the same run. Options: --only NAME, --json, --quick.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
await run(join(root, 'bench', 'main.ts'), process.argv.slice(2))
