import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What runs node.exe: itself in Wine; outside, the test's wine and EVENKEEL_WINDOWS_NODE. */
const NODE =
  process.platform === 'win32' ? [process.execPath] : ['wine', process.env.EVENKEEL_WINDOWS_NODE ?? ''];

/** In Wine there is an IPC channel to it, too. */
const CHANNEL = process.platform === 'win32' ? ['ipc'] : [];

/** A line that is awaited has to come within, in ms: on a busy machine a start in Wine takes many seconds. */
export const LIMIT = 60_000;
const LOOK = 20;

/** `node …` on Windows, in the repository's root. */
export class Program {
  process;
  exited;
  #folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-windows-'));

  /** Ends with the test `t`. `console`: a program that runs it, see fixtures/console.c. */
  constructor(t, args, env = {}, console = undefined) {
    // Files: on a pipe from outside of Wine node.exe gets EBADF.
    const outputs = ['stdout', 'stderr'].map((name) => openSync(this.#file(name), 'w'));
    const [command, ...before] = console === undefined ? NODE : [NODE[0], console, ...NODE.slice(1)];
    this.process = spawn(command, [...before, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: [console === undefined ? 'ignore' : 'pipe', ...outputs, ...CHANNEL],
    });
    for (const output of outputs) closeSync(output);
    this.exited = once(this.process, 'exit').then(([code, signal]) => ({ code, signal }));
    t.after(() => this.#end());
  }

  get stdout() {
    return readFileSync(this.#file('stdout'), 'utf8');
  }

  get stderr() {
    return readFileSync(this.#file('stderr'), 'utf8');
  }

  get isOver() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** What `find` finds in the whole lines of stdout, as soon as it does. Fails when the process ends first. */
  async found(find) {
    for (const end = performance.now() + LIMIT; ; await setTimeout(LOOK)) {
      const isOver = this.isOver; // before the look: what it printed last is there then
      const found = find(this.stdout.split('\n').slice(0, -1));
      if (found !== undefined) return found;
      if (isOver || performance.now() > end) break;
    }
    const how = this.isOver ? `ended (${this.process.exitCode})` : `ran for ${LIMIT} ms`;
    throw new Error(`it ${how} without what was awaited, ${find}:\n${this.stdout}\n${this.stderr}`);
  }

  #file(name) {
    return path.join(this.#folder, name);
  }

  async #end() {
    if (!this.isOver) this.process.kill('SIGKILL');
    await this.exited;
    rmSync(this.#folder, { recursive: true, maxRetries: 20, retryDelay: 50 }); // workers have it open, too
  }
}

/** `evenkeel …`, which waits for its workers as long as the tests wait for it. */
export class Fleet extends Program {
  /** Before the CLI. */
  static nodeArgs = [];

  constructor(t, args, env, console) {
    const cli = ['dist/cli/main.js', '--listen-timeout', String(LIMIT)];
    super(t, [...new.target.nodeArgs, ...cli, ...args], env, console);
  }

  /** In its console: c for Ctrl+C, b for Ctrl+Break. */
  press(key) {
    this.process.stdin.write(key);
  }

  /** The first line of the log, past or to come, that `matches`. */
  logged(matches) {
    return this.found((lines) =>
      lines
        .filter((line) => line.startsWith('{"level":'))
        .map((line) => JSON.parse(line))
        .find(matches),
    );
  }

  /** The first line the application printed that `matches`. */
  printed(matches) {
    return this.found((lines) => lines.find((line) => !line.startsWith('{"level":') && matches.test(line)));
  }

  /** The first listener's port, once all workers are ready. */
  async ready() {
    await this.logged(({ msg }) => / of \d+ workers ready/.test(msg));
    return this.port('listening on ');
  }

  /** Of the line that begins so: `metrics and probes on `, `agent check on `. */
  async port(beginning) {
    const { port } = await this.logged(({ msg }) => msg.startsWith(beginning));
    return port;
  }
}

/** A fleet of test/fixtures/reloadable.mjs, and what its next generation will be. */
export class Reloadable extends Fleet {
  #folder;
  #version = 1;

  constructor(t, args, first, env) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-reload-'));
    t.after(() => rmSync(folder, { recursive: true }));
    write(folder, 1, first);
    super(t, [...args, 'test/fixtures/reloadable.mjs', '--', path.join(folder, VERSION)], env);
    this.#folder = folder;
  }

  /** What is run from now on. `mode`: see the fixture. */
  deploy(mode) {
    write(this.#folder, ++this.#version, mode);
  }

  /** Workers of the mode `waits` may say that they are ready. */
  go() {
    writeFileSync(path.join(this.#folder, `${VERSION}.go`), '');
  }
}

const VERSION = 'version.json';

function write(folder, version, mode = 'ok') {
  writeFileSync(path.join(folder, VERSION), JSON.stringify({ version, mode, listenOn: [0] }));
}

/** Runs `evenkeel …` to its end: its exit code, and what it printed. */
export async function evenkeel(t, ...args) {
  const program = new Program(t, ['dist/cli/main.js', ...args]);
  const { code } = await program.exited;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** What `evenkeel … --json` says; fails where that fails. */
export async function evenkeelJson(t, ...args) {
  const { code, stdout, stderr } = await evenkeel(t, ...args, '--json');
  if (code !== 0) throw new Error(`evenkeel ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** A fleet whose primary can be asked and told, see fixtures/control.mjs. */
export class ControlledFleet extends Fleet {
  static nodeArgs = ['--import', './test/windows/fixtures/control.mjs'];

  /** The primary's answer to a command, `kill/4711` say. */
  async ask(command) {
    const [, port] = (await this.printed(/^control /)).split(' ');
    return JSON.parse(await get(port, `/${command}`));
  }
}

/** One request on a connection of its own: the answer's text. `options` as for http.request(). */
export async function get(port, path = '/', options = {}) {
  return (await ask(port, path, options)).text;
}

/** The same, with the response. */
export async function ask(port, path, { body, ...options } = {}) {
  const request = http.request({ port, host: '127.0.0.1', path, agent: false, ...options });
  request.end(body);
  const [response] = await once(request, 'response');
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { request, response, text };
}

/** What becomes of a request: its answer, or the kind of its failure. */
export function fate(asked) {
  return asked.then(
    (text) => ({ text }),
    ({ code, message }) => ({ failed: message === 'socket hang up' ? 'empty' : code }),
  );
}

/** Resolves as soon as `test` says so. For what no event tells. */
export async function eventually(test, limit = LIMIT) {
  for (const end = performance.now() + limit; !(await test()); await setTimeout(LOOK)) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${test}`);
  }
}
