import { afterAll, expect, test } from 'vitest';
import { eventually } from '../helpers/requests.ts';
import {
  APPLICATION,
  clear,
  command,
  does,
  install,
  journal,
  property,
  run,
  systemctl,
  whoAnswers,
} from './machine.ts';

afterAll(clear);

const evenkeel = (...args: string[]) =>
  run('env', 'XDG_RUNTIME_DIR=/run/evenkeel', 'node', `${APPLICATION}/node_modules/.bin/evenkeel`, ...args);

test('the control socket is reached from outside of the sandbox', async () => {
  await install(command(''));
  await does('start', 'evenkeel.service');
  const { code, output } = await evenkeel('status', '--json');
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(JSON.parse(output)).toMatchObject({ name: 'server', phase: 'running' });
  expect(await evenkeel('reload')).toMatchObject({ code: 0 });
  expect(await evenkeel('stop')).toMatchObject({ code: 0 });
  await eventually(async () => (await property('ActiveState')) === 'inactive');
});

test.each([
  ['shared-handle', 'least-connections'],
  ['shared-handle', 'none'],
  ['hand-off', 'least-connections'],
  ['hand-off', 'source-hash'],
  ['reuse-port', 'hash'],
  ['reuse-port', 'source-hash'],
])('%s / %s serves in it, and says nothing of what it lacks', async (strategy, policy) => {
  await install(command(`-s ${strategy} -p ${policy}`));
  await does('start', 'evenkeel.service');
  await whoAnswers();
  const since = await property('InvocationID');
  const { output } = await run('journalctl', '--no-pager', '--output=cat', `_SYSTEMD_INVOCATION_ID=${since}`);
  expect(output).not.toMatch(/warn|error|EPERM|ENOSYS/i);
});

test('reuse-port by eBPF: only with the lines for it', async () => {
  const options = command('-s reuse-port -p round-robin');
  await install(options, 'Restart=no');
  expect((await systemctl('start', 'evenkeel.service')).code).toBe(1);
  expect(await journal()).toMatch(/ERR_UNSUPPORTED/);
  await install(
    options,
    'AmbientCapabilities=CAP_BPF',
    'CapabilityBoundingSet=CAP_BPF',
    'SystemCallFilter=bpf',
  );
  await does('start', 'evenkeel.service');
  await whoAnswers();
});

test('a port below 1024 with the capability the example names, and not without', async () => {
  const options = [command(''), 'Environment=PORT=80', 'Restart=no'];
  await install(...options);
  expect((await systemctl('start', 'evenkeel.service')).code).toBe(1);
  await install(
    ...options,
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
  );
  await does('start', 'evenkeel.service');
});

test('MemoryDenyWriteExecute= cannot be, as the example says', async () => {
  await install(command(''), 'MemoryDenyWriteExecute=yes', 'Restart=no');
  expect((await systemctl('start', 'evenkeel.service')).code).toBe(1);
});

test('DynamicUser=, as the example says', async () => {
  await install(command(''), 'User=', 'DynamicUser=yes');
  await does('start', 'evenkeel.service');
  await whoAnswers();
});

test('systemd-analyze finds nothing wrong, and little to harden', async () => {
  await install();
  const verified = await run('systemd-analyze', 'verify', '--man=no', 'evenkeel.service', 'evenkeel.socket');
  expect(verified).toEqual({ code: 0, output: '' });
  await does('start', 'evenkeel.service');
  const { output } = await run('systemd-analyze', 'security', '--no-pager', 'evenkeel.service');
  expect(Number(/exposure level.*: ([\d.]+)/.exec(output)?.[1])).toBeLessThan(2);
});
