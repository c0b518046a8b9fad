import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cacheFolder } from '#cli/cache-folder.ts'

test('cacheFolder() takes no notice of variables that are empty or relative', () => {
  const usual = join(homedir(), '.cache', 'windtunnel')
  for (const env of [{}, { XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'here' }, { WINDTUNNEL_CACHE: '' }])
    assert.equal(cacheFolder(env), usual)
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/c' }), '/c/windtunnel')
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/c', WINDTUNNEL_CACHE: '/w' }), '/w')
})
