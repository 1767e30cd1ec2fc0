// The command line of `npm run bench`.
import { Command, InvalidArgumentError, Option } from 'commander';
import { FEWEST_WORKERS, MOST_WORKERS, usualWorkers } from './scale.mjs';

const MEASURING = [
  'only',
  'peers',
  'strategies',
  'workers',
  'node',
  'seed',
  'minutes',
  'html',
  'quick',
  'guard',
  'json',
];

/** @param {string[]} args without node and script
 * @param {number} cpus the servers'
 * @throws CommanderError after it has said what is wrong, or has shown the help */
export function readOptions(args, cpus) {
  const program = new Command('npm run bench --')
    .description('Evenkeel and its peers, side by side, on this machine.')
    .helpOption('--help', 'this')
    .showHelpAfterError('(npm run bench -- --help shows every option)')
    .exitOverride()
    .allowExcessArguments(false)
    .option('--quick', 'less of everything: 3 minutes on 2 cores, instead of 15')
    .option('--only <scenarios>', 'these alone, separated by commas', list)
    .option('--peers <names>', 'who is compared with; "none": nobody', names)
    .option('--strategies <names>', 'which of ours: hand-off, hand-off/round-robin, …; "none": no one', names)
    .option(
      '--workers <n>',
      `of each contestant (default: a CPU each, but at least ${FEWEST_WORKERS}, and no more with --guard)`,
      count(`a whole number from 1 to ${MOST_WORKERS}`, 1, MOST_WORKERS),
    )
    .option('--node <path>', 'the Node that serves', process.execPath)
    .option(
      '--seed <n>',
      'of whatever is random',
      count('a whole number from 0 to 4294967295', 0, 2 ** 32 - 1),
      1,
    )
    .option('--minutes <n>', 'more rounds, or fewer', count('a whole number from 1 to 1440', 1, 1440))
    .option('--json <file>', 'write everything there')
    .option('--html <file>', 'write a page with charts there')
    .addOption(
      new Option(
        '--guard',
        'check that the ratios which README and docs promise are kept; exit 1 if not',
      ).conflicts(['quick', 'only', 'peers', 'strategies', 'minutes', 'html']),
    )
    .addOption(
      new Option('--compare <reports...>', 'what moved beyond the noise between two of --json').conflicts(
        MEASURING,
      ),
    )
    .option('--force', 'with --compare: even if they are not of the same machine, versions and options');
  program.parse(args, { from: 'user' });
  const options = program.opts();
  if (options.compare !== undefined && options.compare.length !== 2) {
    program.error('error: --compare takes two reports: --compare before.json after.json');
  }
  if (options.force && options.compare === undefined) program.error('error: --force is for --compare');
  const usual = options.guard ? FEWEST_WORKERS : usualWorkers(cpus);
  return { ...options, workers: options.workers ?? usual };
}

/** `undefined` is "as usual"; so an empty name has to be refused. */
function list(text) {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return [...new Set(parts)];
  throw new InvalidArgumentError('Names are separated by single commas.');
}

function names(text) {
  return text === 'none' ? [] : list(text);
}

function count(what, least, most) {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be ${what}.`);
  };
}
