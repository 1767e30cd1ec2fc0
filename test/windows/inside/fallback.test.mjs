import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Fleet, get } from '../fleet.mjs';

test('explain --json: on a pipe, with the reason the addon gives', () => {
  const text = execFileSync(process.execPath, ['dist/cli/main.js', 'explain', '--json'], {
    encoding: 'utf8',
  });
  const { strategy, capabilities } = JSON.parse(text);
  assert.equal(capabilities.platform, 'win32-x64');
  assert.equal(capabilities.addon, 'the native accept path is written for Linux only');
  assert.equal(strategy, 'node:cluster');
});

test('auto falls back on node:cluster, says why, and every worker serves', async (t) => {
  const fleet = new Fleet(t, ['test/fixtures/http-hello.mjs', '-w', '2']);
  const port = await fleet.ready();
  const { msg } = await fleet.logged(({ level }) => level === 40);
  assert.match(msg, /written for Linux only/);
  const pids = new Set();
  for (let i = 0; i < 10; i++) pids.add(JSON.parse(await get(port)).pid);
  assert.equal(pids.size, 2);
});
