#!/usr/bin/env node
/**
 * The slow suites, for continuous integration: crash loops, fresh clones, packed tarballs, clients of others, browsers,
 * floods. They are the files named `x.slow.test.ts` and those that read SLOW, CRASH_ROUNDS or PLATFORM_ROUNDS. Each may take five
 * minutes. Arguments: patterns of test files, instead of all.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './windtunnel.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
const given = process.argv.slice(2)
const patterns = given.some((argument) => !argument.startsWith('--'))
  ? given
  : [...given, 'test/**/*.test.ts']
process.env.SLOW = '1'
process.env.CRASH_ROUNDS ??= '50'
process.env.PLATFORM_ROUNDS ??= '8' // kills of a whole platform; each costs a start and a look at everything
await run(join(root, 'tools', 'run-tests.ts'), ['--slow', '--again', '--limit=300', ...patterns])
