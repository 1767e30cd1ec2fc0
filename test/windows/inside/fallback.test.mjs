import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Fleet, get } from '../fleet.mjs';

const NO_PORT_SHARING = /Windows has no port sharing/;

/** `evenkeel …`, on pipes. */
function evenkeel(...args) {
  return spawnSync(process.execPath, ['dist/cli/main.js', ...args], { encoding: 'utf8' });
}

test('explain --json: what serves, and why reuse-port does not', () => {
  const text = execFileSync(process.execPath, ['dist/cli/main.js', 'explain', '--json'], {
    encoding: 'utf8',
  });
  const { strategy, capabilities, reasons } = JSON.parse(text);
  assert.equal(capabilities.platform, 'win32-x64');
  assert.equal(capabilities.addon, undefined);
  assert.notEqual(strategy, 'node:cluster');
  const kernel = reasons.filter((reason) => reason.strategy === 'reuse-port');
  assert.ok(kernel.length > 0);
  for (const { verdict, why } of kernel) {
    assert.equal(verdict, 'unsupported');
    assert.match(why, NO_PORT_SHARING);
  }
});

test('reuse-port, named, is refused, and nothing else is taken in its place', () => {
  const { status, stderr } = evenkeel('test/fixtures/http-hello.mjs', '-s', 'reuse-port');
  assert.equal(status, 2);
  assert.match(stderr, NO_PORT_SHARING);
  assert.match(stderr, /\[ERR_UNSUPPORTED\]/);
});

test('without the addon auto falls back on node:cluster, says why, and every worker serves', async (t) => {
  const missing = { EVENKEEL_ADDON: 'Z:\\nowhere\\evenkeel.node' };
  const fleet = new Fleet(t, ['test/fixtures/http-hello.mjs', '-w', '2'], missing);
  const port = await fleet.ready();
  const { msg } = await fleet.logged(({ level }) => level === 40);
  assert.match(msg, /cannot load the native addon/);
  const pids = new Set();
  for (let i = 0; i < 10; i++) pids.add(JSON.parse(await get(port)).pid);
  assert.equal(pids.size, 2);
});
