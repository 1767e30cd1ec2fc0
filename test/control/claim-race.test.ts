import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, readdirSync, utimesSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { prepareDirectory, socketPath } from '../../dist/control/path.js';
import { runningFleets } from '../../dist/control/probe.js';
import { fixture, NODE } from '../helpers/fleet.ts';
import { isolate } from './helpers.ts';

const CLAIMANTS = 8;
const ROUNDS = 50;

const place = isolate();
const directory = path.join(place.folder, 'evenkeel');
afterAll(() => place.remove());

const locks = (): string[] => readdirSync(directory).filter((entry) => entry.endsWith('.lock'));

/** Sockets that nobody listens at. */
async function leaveStale(paths: string[]): Promise<void> {
  const listening = path.join(directory, 'listening');
  const server = net.createServer().listen(listening);
  await once(server, 'listening');
  for (const where of paths) linkSync(listening, where);
  server.close();
  await once(server, 'close');
}

/** The locks of a process that was killed while it had them, a minute ago. */
async function leaveLocks(paths: string[]): Promise<void> {
  const killed = fork(fixture('killed-while-claiming.mjs'), paths, { execPath: NODE });
  expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL']);
  expect(locks()).toHaveLength(paths.length);
  const long = new Date(Date.now() - 60_000);
  for (const lock of locks()) utimesSync(path.join(directory, lock), long, long);
}

function claimant(): ChildProcess {
  const child = fork(fixture('claims.mjs'), { execPath: NODE });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function claim(child: ChildProcess, where: string): Promise<unknown> {
  child.send(where);
  const [answer] = await once(child, 'message');
  return answer;
}

test('many processes claim a stale socket with an abandoned lock at once, again and again: one has it', async () => {
  prepareDirectory(directory, process.geteuid?.() ?? 0);
  const names = Array.from({ length: ROUNDS }, (_, round) => `n${round}`);
  const paths = names.map((name) => socketPath(name));
  await leaveStale(paths);
  await leaveLocks(paths);
  expect(await runningFleets()).toEqual([]);
  const claimants = Array.from({ length: CLAIMANTS }, claimant);
  for (const where of paths) {
    const answers = await Promise.all(claimants.map((child) => claim(child, where)));
    expect(answers.toSorted()).toEqual([...Array(CLAIMANTS - 1).fill(false), true]);
  }
  expect(await runningFleets()).toEqual(names.toSorted());
  expect(locks()).toEqual([]);
}, 60_000);
