import type { Command } from 'commander';
import { runningFleets } from '../control/probe.js';
import { print } from './output.js';

/** What completes the names of running fleets. */
export const FLEETS = '__fleets';
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Entry {
  name: string;
  description: string;
  /** With their dashes. */
  options: { flags: string[]; description: string; takesValue: boolean }[];
  /** Of its arguments. */
  choices: readonly string[];
  /** An argument of it is a file. */
  takesFile: boolean;
  /** Its --name is that of a fleet that runs. */
  namesFleet: boolean;
}

/** `evenkeel __fleets` */
export async function fleetsCommand(): Promise<void> {
  for (const name of await runningFleets()) print(name);
}

/** The script that completes evenkeel's commands and options, from what the program has. */
export function completionScript(program: Command, shell: Shell): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => program.commands.includes(command));
  const entries = commands.map(entryOf);
  const own = entryOf(program);
  return { bash, zsh, fish }[shell](entries, own);
}

function entryOf(command: Command): Entry {
  const options = command.createHelp().visibleOptions(command);
  const name = command.name();
  return {
    name,
    description: command.description(),
    options: options.map((option) => ({
      flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
      description: option.description,
      takesValue: option.required || option.optional,
    })),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    takesFile: name === 'start',
    namesFleet: name !== 'start' && options.some(({ long }) => long === '--name'),
  };
}

function wordsOf({ options, choices }: Entry): string {
  return [...choices, ...options.flatMap(({ flags }) => flags)].join(' ');
}

function names(entries: readonly Entry[], separator: string): string {
  return entries.map(({ name }) => name).join(separator);
}

/** Where nothing fits, files do: `evenkeel server.js`. */
function bash(entries: readonly Entry[], own: Entry): string {
  const cases = entries.map((entry) => `    ${entry.name}) words='${wordsOf(entry)}' ;;`).join('\n');
  return `# evenkeel in bash: source <(evenkeel completion bash)
_evenkeel() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    --) return ;;
    ${names(entries, '|')}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
${cases}
    *) words='${names(entries, ' ')} ${wordsOf(own)}' ;;
  esac
  case $prev:$command in
    ${entries
      .filter(({ namesFleet }) => namesFleet)
      .map(({ name }) => `--name:${name}`)
      .join('|')}) words=$("\${COMP_WORDS[0]}" ${FLEETS} 2>/dev/null) ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _evenkeel evenkeel
`;
}

function zsh(entries: readonly Entry[], own: Entry): string {
  const described = entries.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = entries.map(
    (entry) => `    ${entry.name}) compadd -- ${wordsOf(entry)}${entry.takesFile ? '; _files' : ''} ;;`,
  );
  const naming = entries.filter(({ namesFleet }) => namesFleet);
  return `#compdef evenkeel
# evenkeel in zsh: source <(evenkeel completion zsh), or this file as _evenkeel in a folder of $fpath
_evenkeel() {
  local command= word
  local -a commands=(
${described.join('\n')}
  )
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      --) _files; return ;;
      ${names(entries, '|')}) command=$word; break ;;
    esac
  done
  case \${words[CURRENT-1]}:$command in
    ${naming.map(({ name }) => `--name:${name}`).join('|')})
      compadd -- \${(f)"$(\${words[1]} ${FLEETS} 2>/dev/null)"}
      return ;;
  esac
  case $command in
${cases.join('\n')}
    *) _describe command commands; compadd -- ${wordsOf(own)}; _files ;;
  esac
}
if [[ \${funcstack[1]} == _evenkeel ]]; then _evenkeel "$@"; else compdef _evenkeel evenkeel; fi
`;
}

function fish(entries: readonly Entry[], own: Entry): string {
  const line = (...words: string[]): string => ['complete', '-c', 'evenkeel', ...words].join(' ');
  const optionLines = (entry: Entry, condition: string): string[] =>
    entry.options.map(({ flags, description, takesValue }) => {
      const dashed = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const isFleet = entry.namesFleet && flags.includes('--name');
      const value = isFleet ? [`-xa '(evenkeel ${FLEETS} 2>/dev/null)'`] : takesValue ? ['-r'] : [];
      return line(`-n ${quoted(condition)}`, ...dashed, ...value, `-d ${quoted(description)}`);
    });
  const seen = (name: string): string => `__fish_seen_subcommand_from ${name}`;
  return [
    '# evenkeel in fish: evenkeel completion fish | source',
    ...entries.map(({ name, description }) =>
      line(`-n __fish_use_subcommand`, `-a ${name}`, `-d ${quoted(description)}`),
    ),
    ...optionLines(own, '__fish_use_subcommand'),
    ...entries.flatMap((entry) => [
      ...(entry.choices.length > 0
        ? [line(`-n ${quoted(seen(entry.name))}`, `-xa ${quoted(entry.choices.join(' '))}`)]
        : []),
      ...optionLines(entry, seen(entry.name)),
    ]),
    '',
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
