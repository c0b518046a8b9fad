/** Custom runtimes: any executable named bootstrap, which speaks HTTP to an address of its environment's own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened, staged, zipOf } from './fake-lambda.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const has = (command: string): boolean => {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const SHELL = `#!/bin/sh
while true; do
  event=$(curl -sS -D /tmp/head "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -i lambda-runtime-aws-request-id /tmp/head | tr -d '\\r' | cut -d' ' -f2)
  echo "event $event at $AWS_LAMBDA_RUNTIME_API"
  curl -sS -X POST "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "{\\"echo\\":$event}" > /dev/null
done
`

test('a shell bootstrap answers', { skip: has('curl') ? false : 'curl is not on this machine' }, async () => {
  const code = await staged(host.sandboxes, { bootstrap: SHELL }, 0o100755)
  const made = new FakeEnvironment(host.sandboxes, { runtime: 'provided.al2023', code })
  assert.equal((await made.invoke({ a: 1 })).body, '{"echo":{"a":1}}')
  assert.match(made.output, /^event \{"a":1\} at 127\.\d+\.\d+\.\d+:9001$/m)
  await made.sandbox.destroy(0)
})

const rootOnly = process.getuid?.() === 0 ? false : 'without root all environments are one user'
test(
  "the Runtime API hangs up on a peer that is not the environment's own user",
  { skip: rootOnly },
  async () => {
    const code = await staged(
      host.sandboxes,
      { bootstrap: '#!/bin/sh\necho $AWS_LAMBDA_RUNTIME_API\nsleep 60\n' },
      0o100755,
    )
    const said = Promise.withResolvers<string>()
    const made = new FakeEnvironment(host.sandboxes, {
      runtime: 'provided.al2023',
      code,
      onOutput: (chunk) => said.resolve(Buffer.from(chunk).toString().trim()),
    })
    const [address = '', port = ''] = (await said.promise).split(':')
    const socket = connect(Number(port), address)
    socket.write('GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise((resolve) =>
      socket
        .once('close', resolve)
        .on('error', () => {})
        .resume(),
    )
    assert.deepEqual(made.requests, [])
    await made.sandbox.destroy(0)
  },
)

test('a package without a bootstrap ends with words', async () => {
  const code = await staged(host.sandboxes, { 'main.go': 'package main' })
  const made = new FakeEnvironment(host.sandboxes, { runtime: 'provided.al2023', code })
  assert.match((await made.gone()).trouble ?? '', /Couldn't find valid bootstrap.*main\.go/)
  await made.sandbox.destroy(0)
})

test(
  'a compiled bootstrap runs, and its chunked answer is read',
  { skip: has('cc') ? false : 'no C compiler on this machine' },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wt-cc-'))
    writeFileSync(join(folder, 'main.c'), C_SOURCE)
    execFileSync('cc', ['-O1', '-o', join(folder, 'bootstrap'), join(folder, 'main.c')])
    const zip = zipOf([{ name: 'bootstrap', text: readFileSync(join(folder, 'bootstrap')), mode: 0o100755 }])
    rmSync(folder, { recursive: true })
    const staging = await host.sandboxes.stage(zip, 10_000_000)
    assert.ok(staging.kind === 'staged')
    const made = new FakeEnvironment(host.sandboxes, { runtime: 'provided.al2023', code: staging.code })
    assert.equal((await made.invoke({})).body, '{"from":"C"}')
    await made.sandbox.destroy(0)
  },
)

const C_SOURCE = `
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
static char buffer[65536];
static char *answer(int s) {
  int size = 0;
  while (!strstr(buffer, "\\r\\n\\r\\n")) { int n = read(s, buffer + size, sizeof buffer - 1 - size); if (n <= 0) exit(1); size += n; buffer[size] = 0; }
  return buffer;
}
int main(void) {
  char *api = getenv("AWS_LAMBDA_RUNTIME_API"), host[64]; int port;
  sscanf(api, "%63[^:]:%d", host, &port);
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
  inet_pton(AF_INET, host, &at.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (struct sockaddr *)&at, sizeof at)) return 1;
  for (;;) {
    char out[1024], id[64]; buffer[0] = 0;
    int n = sprintf(out, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
    write(s, out, n);
    char *found = strcasestr(answer(s), "lambda-runtime-aws-request-id: ");
    sscanf(found + 31, "%63[^\\r]", id);
    n = sprintf(out, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\n{\\"fro\\r\\n7\\r\\nm\\":\\"C\\"}\\r\\n0\\r\\n\\r\\n", id);
    write(s, out, n);
    buffer[0] = 0; answer(s);
  }
}
`.replace('#include <arpa', '#define _GNU_SOURCE\n#include <arpa')
