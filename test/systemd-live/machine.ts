import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { get } from '../helpers/requests.ts';

/** What the example says, on the machine that test/systemd-live.sh has booted. */
export const APPLICATION = '/srv/myapp';
export const PORT = 8080;
const UNITS = '/etc/systemd/system';
const UNIT = 'evenkeel.service';

const example = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), 'utf8');

export interface Outcome {
  code: number;
  output: string;
}

/** Never rejects: how a command ended is what is tested. */
export async function run(command: string, ...args: string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

export const systemctl = (...args: string[]): Promise<Outcome> => run('systemctl', '--no-pager', ...args);

/** systemctl, where it must succeed. */
export async function does(...args: string[]): Promise<string> {
  const { code, output } = await systemctl(...args);
  expect(code, `systemctl ${args.join(' ')}: ${output}${code === 0 ? '' : await journal()}`).toBe(0);
  return output;
}

export async function property(name: string): Promise<string> {
  return (await does('show', UNIT, '--value', `--property=${name}`)).trim();
}

/** What the present run of the service, or the last one, has said. */
export async function journal(): Promise<string> {
  const { output: id } = await systemctl('show', UNIT, '--value', '--property=InvocationID');
  await run('journalctl', '--sync');
  return (await run('journalctl', '--no-pager', '--output=cat', `_SYSTEMD_INVOCATION_ID=${id.trim()}`))
    .output;
}

export async function systemdVersion(): Promise<number> {
  return Number(/^systemd (\d+)/.exec(await does('--version'))?.[1]);
}

export const EVENKEEL = '/usr/bin/env node node_modules/.bin/evenkeel';

/** The command of the example with other options. */
export const command = (options: string): string =>
  `ExecStart=\nExecStart=${EVENKEEL} server.js -w 2 --listen-timeout 20000 ${options}`;

/** Installs the example as it is, with these lines of [Service] in a drop-in; `systemctl edit` does the same. */
export async function install(...lines: string[]): Promise<void> {
  await clear();
  mkdirSync(`${UNITS}/${UNIT}.d`, { recursive: true });
  writeFileSync(`${UNITS}/${UNIT}`, example(UNIT));
  writeFileSync(`${UNITS}/evenkeel.socket`, example('evenkeel.socket'));
  writeFileSync(`${UNITS}/${UNIT}.d/live.conf`, ['[Service]', ...lines, ''].join('\n'));
  await does('daemon-reload');
}

/** Nothing of the test before is left. */
export async function clear(): Promise<void> {
  await systemctl('stop', 'evenkeel.socket', UNIT);
  await systemctl('reset-failed', UNIT);
  for (const name of ['held', 'broken']) rmSync(path.join(APPLICATION, name), { force: true });
}

/** The process that answers, and its primary. */
export const whoAnswers = async (): Promise<{ pid: number; primary: number }> => JSON.parse(await get(PORT));
