#!/usr/bin/env node
// The control socket of a fleet that serves, attacked: garbage, halves, floods, clients that never read or never
// end. `npm run test:stress:control -- --messages 100000 --seed 7`; ends with 1 where anything was harmed.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from './random.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ATTACKERS = 12;
/** Connections that are kept and say nothing more. */
const MOST_HELD = 16;
/** So many messages before memory is measured for the first time: what is allocated once is
 * there then. */
const WARM_UP = 2000;

/** @returns what came of it; `faults` is empty where nothing was harmed */
export async function fuzz({ messages, seed, node = process.execPath }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ek-'));
  const where = path.join(folder, 'evenkeel/fuzzed.sock');
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, EVENKEEL_LOG_LEVEL: 'info' };
  const args = ['dist/cli/main.js', '-w', '2', '--name', 'fuzzed', 'test/fixtures/http-hello.mjs'];
  const fleet = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const log = [];
  try {
    const port = await started(fleet, log);
    const load = serveAll(port);
    const attack = new Attack(where, seed);
    await attack.run(Math.min(WARM_UP, messages));
    const before = await measure(fleet.pid, where);
    await attack.run(messages);
    const after = await measure(fleet.pid, where, before.descriptors);
    const http = await load.stop();
    const faults = faultsOf({ before, after, http, log, isAlive: fleet.exitCode === null });
    return { seed, faults, sent: attack.sent, before, after, http };
  } finally {
    fleet.kill('SIGKILL');
    await once(fleet, 'close');
    rmSync(folder, { recursive: true });
  }
}

function faultsOf({ before, after, http, log, isAlive }) {
  const faults = [];
  if (!isAlive) faults.push('the fleet has ended');
  if (http.failed > 0) faults.push(`${http.failed} of ${http.ok + http.failed} HTTP requests failed`);
  if (http.ok < 20) faults.push(`only ${http.ok} HTTP requests were answered`);
  if (after.descriptors > before.descriptors)
    faults.push(`${after.descriptors - before.descriptors} descriptors are left open`);
  if (after.rss > before.rss + 48e6)
    faults.push(`the primary has grown from ${before.rss} to ${after.rss} bytes`);
  const warnings = log.filter(({ level }) => level > 30);
  if (warnings.length > 0) faults.push(`${warnings.length} warnings: ${warnings[0].msg}`);
  const told = log.filter(({ msg }) => /^control socket: (reload|stop|scale to \d\d?\d?$)/.test(msg));
  if (told.length > 0) faults.push(`garbage was obeyed: ${told[0].msg}`);
  return faults;
}

/** Resolves with the port when it serves. */
function started(fleet, log) {
  return new Promise((resolve, reject) => {
    let port;
    createInterface({ input: fleet.stdout }).on('line', (line) => {
      const entry = JSON.parse(line);
      log.push(entry);
      if (entry.msg.startsWith('listening on ')) port = entry.port;
      if (/ of \d+ workers ready/.test(entry.msg)) resolve(port);
    });
    fleet.on('exit', (code) => reject(new Error(`the fleet has ended: ${code}`)));
  });
}

/** One request after another, on new connections; counts what becomes of them. */
function serveAll(port) {
  const tally = { ok: 0, failed: 0 };
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      tally[await ask(port)]++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await done;
      return tally;
    },
  };
}

function ask(port) {
  return new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', agent: false, timeout: 10_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve('ok')).on('error', () => resolve('failed'));
    });
    request.on('timeout', () => request.destroy()).on('error', () => resolve('failed'));
  });
}

/** A good client is answered, and this is what the primary has when it has had time to close what was left open.
 * @param atMost so many descriptors, if that is ever to be */
async function measure(pid, where, atMost = 0) {
  const deadline = performance.now() + 40_000; // a silent one is cut after 30 s
  for (;;) {
    const status = await goodClient(where);
    if (status?.workers?.every(({ state }) => state === 'ready')) break;
    if (performance.now() > deadline) throw new Error('a good client is not answered');
  }
  const end = performance.now() + 2000;
  while (descriptors(pid) > atMost && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1] * 1024;
  return { rss, descriptors: descriptors(pid) };
}

function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function goodClient(where) {
  return new Promise((resolve) => {
    const socket = net.connect(where, () => socket.write('{"v":1,"id":1,"command":"status"}\n'));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      socket.destroy();
      resolve(JSON.parse(text).result);
    });
    socket.on('error', () => {}).on('close', () => resolve(undefined)); // no place free at this moment
  });
}

class Attack {
  sent = 0;
  #where;
  #random;
  #held = [];

  constructor(where, seed) {
    this.#where = where;
    this.#random = new Random(seed);
  }

  async run(messages) {
    const end = this.sent + messages;
    const attacks = [
      this.#garbage,
      this.#wrong,
      this.#huge,
      this.#half,
      this.#mute,
      this.#vanish,
      this.#flood,
    ];
    const attacker = async () => {
      while (this.sent < end) await this.#pick(attacks).call(this);
    };
    await Promise.all(Array.from({ length: ATTACKERS }, attacker));
    for (const socket of this.#held.splice(0)) socket.destroy();
  }

  /** One line of bytes. */
  async #garbage() {
    const socket = await this.#connect();
    socket.write(Buffer.concat([this.#bytes(this.#below(200)), Buffer.from('\n')]));
    this.sent++;
    await closed(socket);
  }

  /** Many messages that are well-formed, and wrong. */
  async #wrong() {
    const socket = await this.#connect();
    const count = 1 + this.#below(100);
    let answers = 0;
    const answered = new Promise((resolve) =>
      socket.on('data', (chunk) => {
        for (const byte of chunk) if (byte === 10) answers++;
        if (answers >= count) resolve();
      }),
    );
    for (let i = 0; i < count; i++) socket.write(`${this.#wrongMessage()}\n`);
    this.sent += count;
    await Promise.race([answered, closed(socket)]);
    socket.destroy();
  }

  #wrongMessage() {
    const values = [
      null,
      true,
      -1,
      1e308,
      '',
      'x'.repeat(100),
      [],
      {},
      [[[]]],
      { v: 1 },
      '\u0000',
      '__proto__',
    ];
    const value = () => this.#pick(values);
    return JSON.stringify(
      this.#pick([
        () => ({ v: value(), id: 1, command: 'status' }),
        () => ({ v: 1, id: 1, command: value() }),
        () => ({ v: 1, id: 1, command: 'scale', workers: this.#pick([null, true, '', 1.5, [], {}]) }),
        () => ({ v: 1, id: 1, command: 'scale', workers: 1000 + this.#below(1e6) }),
        () => ({ v: 1, id: 1, command: 'stop', force: this.#pick([null, 1, 'true', []]) }),
        () => ({ v: 1, id: 1, command: 'reload', now: value() }),
        () => ({ v: 1, id: 'x'.repeat(64), command: 'toString', ['__proto__']: value() }),
      ])(),
    );
  }

  /** A line that does not end. */
  async #huge() {
    const socket = await this.#connect();
    socket.write(this.#bytes(20_000 + this.#below(300_000)).map((byte) => (byte === 10 ? 11 : byte)));
    this.sent++;
    await closed(socket);
  }

  /** Half a message, and then nothing. */
  async #half() {
    const socket = await this.#connect();
    const whole = '{"v":1,"id":1,"command":"reload"}';
    socket.write(whole.slice(0, this.#below(whole.length)));
    this.sent++;
    this.#hold(socket);
  }

  /** Asks, and does not read what is answered. */
  async #mute() {
    const socket = await this.#connect();
    socket.pause();
    const count = 1 + this.#below(300);
    socket.write('{"v":1,"id":1,"command":"status"}\n'.repeat(count));
    this.sent += count;
    this.#hold(socket);
  }

  /** Asks, and is gone. */
  async #vanish() {
    const socket = await this.#connect();
    const text = this.#pick(['{"v":1,"id":1,"command":"status"}\n', '{"v":1,', '[', '\n']);
    if (this.#below(2) === 0) socket.end(text);
    else socket.write(text, () => socket.destroy());
    this.sent++;
  }

  async #flood() {
    const all = await Promise.all(Array.from({ length: 64 }, () => this.#connect()));
    for (const socket of all) {
      socket.write('{');
      this.sent++;
      socket.destroy();
    }
  }

  #connect() {
    return new Promise((resolve) => {
      const socket = net.connect(this.#where);
      socket.on('error', () => resolve(socket)); // EAGAIN, or cut at once: what is written goes nowhere
      socket.on('connect', () => resolve(socket));
      socket.on('data', () => {});
    });
  }

  #hold(socket) {
    this.#held.push(socket);
    if (this.#held.length > MOST_HELD) this.#held.shift().destroy();
  }

  #below(limit) {
    return this.#random.index(limit);
  }

  #pick(list) {
    return list[this.#below(list.length)];
  }

  #bytes(count) {
    return Buffer.from(Array.from({ length: count }, () => this.#below(256)));
  }
}

function closed(socket) {
  return socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const result = await fuzz({ messages: Number(values.messages), seed: Number(values.seed) });
  console.log(JSON.stringify(result, null, 2));
  if (result.faults.length > 0) process.exitCode = 1;
}
