#!/usr/bin/env node
// `npm run model`, `npm run docs`: a program of tools/ under Node 24. The first argument is its file.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [file = '', ...rest] = process.argv.slice(2)
process.chdir(root)
await run(join(root, file), rest)
