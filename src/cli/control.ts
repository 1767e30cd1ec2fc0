import { Argument, type Command } from 'commander';
import {
  type ControlFlags,
  metricsCommand,
  reloadCommand,
  scaleCommand,
  statusCommand,
  stopCommand,
  upgradeCommand,
} from './act.js';
import { completionScript, FLEETS, fleetsCommand, SHELLS, type Shell } from './completion.js';
import { print } from './output.js';
import { topCommand } from './top.js';

/** The commands that act on a running fleet, through its control socket. */
export function addControlCommands(program: Command): void {
  const add = (usage: string, description: string, json = 'the same facts as JSON'): Command =>
    program
      .command(usage)
      .description(description)
      .option('--name <name>', 'which fleet (default: the only one that runs)')
      .option('--json', json);

  add('status', 'how a running fleet and its workers are').action((flags: ControlFlags) =>
    statusCommand(flags),
  );
  add('top', 'the same, live, with keys to reload and to scale', 'a status a second, one a line').action(
    (flags: ControlFlags) => topCommand(flags),
  );
  add('reload', 'replace every worker by one of the present code, and lose no request').action(
    (flags: ControlFlags) => reloadCommand(flags),
  );
  add('upgrade', 'the same for the primary, too: a new process takes over its ports').action(
    (flags: ControlFlags) => upgradeCommand(flags),
  );
  add('scale <n>', 'so many workers: 4, or +1, or -1').action((n: string, flags: ControlFlags) =>
    scaleCommand(n, flags),
  );
  add('stop', 'answer what is asked, and end')
    .option('--force', 'kill the workers')
    .action((flags: ControlFlags & { force?: true }) => stopCommand(flags));
  add('metrics', 'figures for Prometheus, in its text format').action((flags: ControlFlags) =>
    metricsCommand(flags),
  );
  program
    .command('completion')
    .description('a script that completes these commands')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => print(completionScript(program, shell).trimEnd()));
  program.command(FLEETS, { hidden: true }).action(() => fleetsCommand());
}
