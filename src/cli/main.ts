#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { EvenkeelError } from '../errors.js';
import { POLICIES, STRATEGIES } from '../strategies/select.js';
import { VERSION } from '../version.js';
import { addControlCommands } from './control.js';
import { type ExplainFlags, explainCommand } from './explain.js';
import { type StartFlags, startCommand } from './start.js';

const USAGE = 2;
const FAILURE = 1;

const program = new Command('evenkeel')
  .description('Runs an unmodified Node server in many processes behind one port.')
  .version(VERSION)
  .showHelpAfterError('(evenkeel --help shows every option)')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

const strategyOption = ['-s, --strategy <name>', `auto, ${STRATEGIES.join(', ')}`, 'auto'] as const;
const policyOption = ['-p, --policy <name>', `auto, ${POLICIES.join(', ')}`, 'auto'] as const;

program
  .command('start <entry> [args...]', { isDefault: true })
  .description('run <entry> in N workers; arguments for it after --')
  .option('-w, --workers <n>', 'auto (the CPUs this process may use) or 1 to 256', 'auto')
  .option(...strategyOption)
  .option(...policyOption)
  .option('--defer-accept <when>', 'hand-off: wait for the first bytes: auto (http, https, tls), true, false')
  .option(
    '--stall-threshold <ms>',
    'reuse-port: rescue who waits behind a loop blocked for so long; 0: never (default: 20)',
  )
  .option('--env-from <file>', 'more environment for the workers; read again for each reload')
  .option('--wait-ready', "a worker is ready when it calls process.send('ready'), not when it listens")
  .option('--max-surge <n>', 'reload: so many workers more at most (default: 1)')
  .option('--max-unavailable <n>', 'reload: so many workers fewer at most (default: 0)')
  .option('--listen-timeout <ms>', 'warn about workers that do not listen by then (default: 3000)')
  .option('--kill-timeout <ms>', 'kill what is not drained by then (default: 10000)')
  .option('--min-uptime <ms>', 'a worker that dies earlier has failed to start (default: 1000)')
  .option('--max-memory <size>', 'replace a worker that has more memory: 512M (K, M, G)')
  .option('--max-age <time>', 'replace a worker that is older: 24h (s, m, h, d)')
  .option('--max-served <n>', 'replace a worker that has accepted more connections')
  .option('--unresponsive-timeout <ms>', 'kill and replace a worker whose loop has not turned for so long')
  .option('--scale <min..max>', 'as many workers as the load needs, from min to max')
  .option('--metrics <[host:]port>', 'serve /metrics, /livez and /readyz there (host: 127.0.0.1)')
  .option('--agent-check <[host:]port>', "answer HAProxy's agent-check there (host: 127.0.0.1)")
  .option('--pre-stop-delay <ms>', 'serve on after SIGTERM, unready, before the drain (default: 0)')
  .option('--node-args <args>', 'options of Node for the workers, in one word: "--max-old-space-size=512"')
  .option(
    '--inspect <[host:]port>',
    'start the inspector in the workers, a port each; --inspect alone: 9230 and on',
  )
  .option('--name <name>', "how status, reload and the like call this fleet (default: the entry's name)")
  .option('--no-control', 'no control socket')
  .action((entry: string, args: string[], flags: StartFlags) => startCommand(entry, args, flags));

program
  .command('explain')
  .description('what would be chosen here, and why each other choice is not')
  .option(...strategyOption)
  .option(...policyOption)
  .option('--json', 'the same facts as JSON')
  .action((flags: ExplainFlags) => explainCommand(flags));

addControlCommands(program);

try {
  await program.parseAsync(withInspectAlone(process.argv));
} catch (error) {
  process.exitCode = report(error);
}

/** `--inspect` may stand alone, as Node's own; its value comes after `=` only, so that it does not take the
 * entry for one. */
function withInspectAlone(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((arg, i) => (arg === '--inspect' && (end < 0 || i < end) ? '--inspect=' : arg));
}

/** Says what went wrong; returns the exit status. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // said by commander
  if (error instanceof EvenkeelError) {
    process.stderr.write(`evenkeel: ${error.message} [${error.code}]\n`);
    return error.isUsage ? USAGE : FAILURE;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error; // a bug: with its stack
  process.stderr.write(`evenkeel: ${message} [${code}]\n`);
  return FAILURE;
}
