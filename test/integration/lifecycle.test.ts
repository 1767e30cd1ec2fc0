import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Fleet, fixture, NODE, REGISTER } from '../helpers/fleet.ts';
import { eventually, get, nextWorker } from '../helpers/requests.ts';

const HELLO = fixture('http-hello.mjs');

test('what was chosen, why, and where it listens is said', async () => {
  await using fleet = new Fleet([HELLO, '-w', '2']);
  const port = await fleet.ready();
  // Another test's fleet may have the name.
  const [chosen, listening, ready] = fleet.log.filter(({ msg }) => !msg.startsWith('a fleet named '));
  expect(chosen?.msg).toMatch(/^strategy shared-handle, policy least-connections: every worker accepts/);
  expect(listening).toMatchObject({ protocol: 'http', port, address: '::' });
  expect(ready?.msg).toBe('2 of 2 workers ready; Ctrl+C drains and ends');
  expect(await fleet.stop('SIGINT')).toEqual({ code: 0, signal: null });
});

test('a worker that dies is replaced at once, and said', async () => {
  await using fleet = new Fleet([HELLO, '-w', '1', '--min-uptime', '0']);
  const port = await fleet.ready();
  const { pid } = await nextWorker(port);
  process.kill(pid, 'SIGKILL');
  const { msg } = await fleet.logged(({ pid: dead }) => dead === pid && true);
  expect(msg).toMatch(/died: killed by SIGKILL; respawning in 0 ms/);
  expect((await nextWorker(port)).pid).not.toBe(pid);
});

test('a crash loop is said plainly, and is no fork storm', async () => {
  await using fleet = new Fleet([fixture('crash-after-listen.mjs'), '-w', '1']);
  const loops = () => fleet.log.filter(({ msg }) => msg.startsWith('crash loop: '));
  await eventually(() => loops().length >= 3);
  const delays = loops().map(({ delay }) => delay as number);
  expect(loops()[0]?.msg).toMatch(
    /died 3 times in a row right after its start \(exit code 3\); next try in \d+ ms/,
  );
  // Third failure: 200 ms, half of it jitter; then doubling.
  expect(delays[0]).toBeGreaterThanOrEqual(100);
  expect(delays[2]).toBeGreaterThanOrEqual(400);
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});

describe('how workers are started', () => {
  async function runs(args: string[], env: Record<string, string> = {}, nodeArgs: string[] = []) {
    await using fleet = new Fleet([fixture('says-how-it-runs.mjs'), '-w', '2', ...args], env, nodeArgs);
    await fleet.logged(({ msg }) => / of 2 workers ready/.test(msg));
    const lines = fleet.output.filter((line) => line.startsWith('runs '));
    return lines.map((line) => JSON.parse(line.slice('runs '.length)));
  }

  test('arguments after -- are the application’s', async () => {
    const [facts] = await runs(['--', '--port', '80', '-w', 'x']);
    expect(facts.argv).toEqual(['--port', '80', '-w', 'x']);
  });

  test('NODE_OPTIONS is kept; the channel is not shown to processes the application starts', async () => {
    const [facts] = await runs([], { NODE_OPTIONS: '--no-warnings' });
    expect(facts.env).toEqual({ NODE_OPTIONS: '--no-warnings' });
  });

  test("Node's options: the primary's are inherited, --node-args adds", async () => {
    const [facts] = await runs(['--node-args', '--stack-size=900  --no-deprecation'], {}, ['--no-warnings']);
    expect(facts.execArgv.slice(2)).toEqual(['--no-warnings', '--stack-size=900', '--no-deprecation']);
  });

  test.each([
    ['evenkeel --inspect=…', ['--inspect=127.0.0.1:0'], []],
    ['node --inspect evenkeel', [], ['--inspect=127.0.0.1:0']],
  ])('%s: an inspector each', async (_name, args, nodeArgs) => {
    const facts = await runs(args, {}, nodeArgs);
    expect(facts.map(({ execArgv }) => execArgv.some((arg: string) => arg.startsWith('--inspect')))).toEqual([
      true,
      true,
    ]);
  });
});

describe('entries', () => {
  test('CommonJS, whose require.main is itself', async () => {
    await using fleet = new Fleet([fixture('entry-commonjs.cjs'), '-w', '1']);
    expect(await get(await fleet.ready())).toBe('cjs true');
  });

  const version = execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const stripsTypes = major > 22 || (major === 22 && minor >= 18);
  if (!stripsTypes)
    console.log(`skipped: a TypeScript entry, since Node ${version} cannot run one (22.18 can)`);
  test.runIf(stripsTypes)('TypeScript', async () => {
    await using fleet = new Fleet([fixture('entry-typescript.ts'), '-w', '1']);
    expect(await get(await fleet.ready())).toBe('ts');
  });

  test('an application with worker_threads, whose servers are their own', async () => {
    await using fleet = new Fleet([fixture('worker-threads.mjs'), '-w', '2']);
    const port = await fleet.ready();
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(port)));
    expect(answers).toEqual(Array(8).fill('thread'));
    expect(await fleet.stop()).toEqual({ code: 0, signal: null });
  });
});

test('evenkeel --inspect before the entry does not take it for an address', async () => {
  await using fleet = new Fleet(['--inspect', HELLO, '-w', '1']);
  await fleet.ready();
  expect(fleet.stderr).toMatch(/Debugger listening on ws:/);
});

test('maxConnections: a full worker passes on, and when all are full the connection is dropped, and said', async () => {
  const net = await import('node:net');
  await using fleet = new Fleet([fixture('max-connections.mjs'), '-w', '2', '-s', 'hand-off']);
  const port = await fleet.ready();
  const open = () =>
    new Promise<string>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('data', (text) => resolve(String(text)));
      socket.once('close', () => resolve('dropped'));
      socket.on('error', () => {});
    });
  const kept = [await open(), await open()];
  expect(new Set(kept).size).toBe(2);
  expect(kept.every((text) => text.startsWith('kept '))).toBe(true);
  expect(await open()).toBe('dropped');
  await fleet.printed(/^drop \d+$/);
});

test('register.js in NODE_OPTIONS does no harm to a supervised fleet', async () => {
  const env = { NODE_OPTIONS: `--import ${REGISTER}` };
  await using fleet = new Fleet([HELLO, '-w', '2'], env);
  const port = await fleet.ready();
  const workers = await Promise.all(Array.from({ length: 4 }, () => nextWorker(port)));
  expect(new Set(workers.map(({ pid }) => pid)).size).toBe(2);
  expect(fleet.stderr).toBe('');
  expect(await fleet.stop()).toEqual({ code: 0, signal: null });
});

test('no descriptors left: the start fails with the system’s code, and nothing keeps running', async () => {
  await using fleet = new Fleet([HELLO, '-w', '200'], {}, [], 'ulimit -n 60;');
  expect((await fleet.exited).code).toBe(1);
  expect(fleet.stderr).toMatch(/EMFILE/);
  const children = execFileSync('sh', ['-c', `pgrep -P ${fleet.process.pid} || true`], { encoding: 'utf8' });
  expect(children).toBe('');
});
