import { expect, test } from 'vitest';
import { run } from '../helpers/script.ts';

/* The link over Node's IPC is of Windows; what becomes of a socket that cannot be passed is looked at with an addon
 * of a few lines, whose sockets are numbers. Both ends are in one process. */

const ADDON = `
  const closed = [];
  let refuses = '';
  const made = (name, value) => {
    if (name === refuses) throw Object.assign(new Error(name + ' ENOBUFS'), { code: 'ENOBUFS', errno: -105 });
    return value;
  };
  module.exports = {
    closed,
    refuse: (name) => { refuses = name; },
    shareSocket: (fd) => made('shareSocket', Buffer.from([fd])),
    openSocket: (shared) => made('openSocket', shared[0] + 100),
    closeFd: (fd) => closed.push(fd),
  };`;

const ENDS = `
  import { EventEmitter } from 'node:events';
  import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import { tmpdir } from 'node:os';
  const folder = mkdtempSync(tmpdir() + '/evenkeel-');
  process.on('exit', () => rmSync(folder, { recursive: true }));
  process.env.EVENKEEL_ADDON = folder + '/addon.cjs';
  writeFileSync(process.env.EVENKEEL_ADDON, ${JSON.stringify(ADDON)});
  const addon = createRequire(import.meta.url)(process.env.EVENKEEL_ADDON);

  const { IpcPrimaryLink, IpcWorkerLink } = await import('${new URL('../../dist/link/ipc-link.js', import.meta.url).href}');
  const heard = [];
  const name = () => 'a name';
  const primary = new IpcPrimaryLink(
    { slot: 0, supervised: true, primary: process.pid },
    { table: name, bell: name, lane: name, waker: name },
    { onReturned: ({ fd }) => heard.push('returned ' + fd), onError: ({ code }) => heard.push('primary ' + code) },
  );
  const child = Object.assign(new EventEmitter(), {
    pid: 1,
    connected: true,
    send: (message) => process.emit('internalMessage', message),
  });
  process.connected = true;
  process.send = (message) => {
    if (message.cmd === 'NODE_CLUSTER') heard.push(message.act + ' ' + message.key);
    child.emit('internalMessage', message);
  };
  primary.attach({ process: child });
  const spawn = { envPairs: [] };
  primary.extend(spawn);
  const worker = new IpcWorkerLink(spawn.envPairs[0].slice('EVENKEEL_LINK='.length));
  worker.start({
    onAnswer: ({ errno }, fd) => heard.push('answer ' + errno + ' ' + fd),
    onDrain: () => {},
    onError: ({ code }) => heard.push('worker ' + code),
  });
  const answer = { seq: 1, errno: 0, key: 'evenkeel:7', gate: null };
  const socket = { fd: () => 3 };
  const onAdopted = () => heard.push('adopted');
  let sent;
  const giveBack = () => { sent = worker.giveBack({ lease: 7, hops: 1, fd: 5 }); };
  const said = () => console.log(JSON.stringify({ heard, sent, closed: addon.closed }));
`;

const ends = (script: string) => JSON.parse(run(`${ENDS}${script}; said();`));

test('a connection goes back to the primary, and the worker lets go of it then', () => {
  const said = ends('giveBack()');
  expect(said).toEqual({ heard: ['returned 105'], sent: true, closed: [5] });
});

test('one that cannot be shared is closed, and that is said', () => {
  const said = ends(`addon.refuse('shareSocket'); giveBack()`);
  expect(said).toEqual({ heard: ['worker ENOBUFS'], sent: false, closed: [5] });
});

test('one that the primary cannot open is closed, and that is said', () => {
  const said = ends(`addon.refuse('openSocket'); giveBack()`);
  expect(said).toEqual({ heard: ['primary ENOBUFS'], sent: true, closed: [5] });
});

test('a worker that has its socket says so', () => {
  const { heard } = ends('primary.answer(7, answer, socket, onAdopted)');
  expect(heard).toEqual(['answer 0 103', 'adopted']);
});

test('a worker that cannot open the socket does not listen, and the primary knows', () => {
  const { heard } = ends(`addon.refuse('openSocket'); primary.answer(7, answer, socket, onAdopted)`);
  expect(heard).toEqual(['close evenkeel:7', 'answer -105 -1', 'adopted']);
});

test('a worker that cannot hear an answer is given no socket', () => {
  const { heard } = ends(`
    child.connected = false;
    addon.refuse('shareSocket');
    primary.answer(7, answer, socket, onAdopted)`);
  expect(heard).toEqual([]);
});
