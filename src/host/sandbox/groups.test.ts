import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hierarchies, quotaUs } from '#host/sandbox/groups.ts'

const V1 = `30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`
const OWN_V1 = '4:memory:/nested/group\n1:cpu,cpuacct:/\n0::/user.slice'

test('hierarchies() puts each controller at its own path, and version 2 beside version 1', () => {
  const found = hierarchies(V1, OWN_V1)
  assert.equal(found.v1.get('cpu'), '/sys/fs/cgroup/cpu,cpuacct/')
  assert.equal(found.v1.get('memory'), '/sys/fs/cgroup/memory/nested/group')
  assert.equal(found.v1.get('pids'), undefined)
  assert.equal(found.v2, '/sys/fs/cgroup/unified/user.slice')
})

test('hierarchies() takes the mounted root from the path inside a container', () => {
  const mounts = '32 25 0:28 /docker/abc /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw'
  assert.equal(hierarchies(mounts, '0::/docker/abc/inner').v2, '/sys/fs/cgroup/inner')
  assert.equal(hierarchies('', '').v2, undefined)
})

test('quotaUs() follows memory, and never goes below what the kernel takes', () => {
  assert.equal(quotaUs(1_769), 20_000)
  assert.equal(quotaUs(128), 1_447)
  assert.equal(quotaUs(10_240), 115_772)
  assert.equal(quotaUs(1), 1_000)
})
