// canopy completion: scripts for shells. They are made from the command tree, so they know what the program knows.
import { Argument, type Command } from 'commander';
import { type Cli, printLines } from '../cli.ts';
import { act, makeCommand } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** A place in the tree: the words that lead there and what can follow. */
interface Place {
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly name: string; readonly summary: string }[];
}

export function completionCommand(cli: Cli, program: Command): Command {
  return makeCommand(cli, {
    name: 'completion',
    summary: 'Print a completion script for a shell',
    examples: [
      'source <(canopy completion bash)',
      `canopy completion zsh > "\${fpath[1]}/_canopy"`,
      'canopy completion fish > ~/.config/fish/completions/canopy.fish',
    ],
  })
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(
      act('no script was made', async (shell: Shell) => {
        printLines(cli, SCRIPTS[shell](places(program)));
      }),
    );
}

function places(command: Command, path: readonly string[] = []): Place[] {
  const commands = command.commands.map((child) => ({ name: child.name(), summary: child.summary() }));
  const options = command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => (option.long ? [{ name: option.long, summary: option.description }] : []));
  return [{ path, commands, options }, ...command.commands.flatMap((child) => places(child, [...path, child.name()]))];
}

const names = (place: Place): string => [...place.commands, ...place.options].map((word) => word.name).join(' ');

function bashScript(tree: readonly Place[]): string[] {
  return [
    '_canopy() {',
    '  local path="" word words=""',
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    '    case "$word" in -*) ;; *) path="$path $word" ;; esac',
    '  done',
    `  case "\${path# }" in`,
    ...tree.map((place) => `    "${place.path.join(' ')}"*) words="${names(place)}" ;;`).toReversed(),
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    `  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    'complete -F _canopy canopy',
  ];
}

function zshScript(tree: readonly Place[]): string[] {
  return ['#compdef canopy', 'autoload -U +X bashcompinit && bashcompinit', ...bashScript(tree)];
}

function fishScript(tree: readonly Place[]): string[] {
  return ['complete -c canopy -f', ...tree.flatMap(fishLines)];
}

function fishLines({ path, commands, options }: Place): string[] {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const unseen =
    commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.map((word) => word.name).join(' ')}`] : [];
  const when = [...seen, ...unseen].join('; and ');
  const condition = when === '' ? '' : ` -n ${quote(when)}`;
  return [
    ...commands.map((word) => `complete -c canopy${condition} -a ${word.name} -d ${quote(word.summary)}`),
    ...options.map((word) => `complete -c canopy${condition} -l ${word.name.slice(2)} -d ${quote(word.summary)}`),
  ];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const SCRIPTS: Readonly<Record<Shell, (tree: readonly Place[]) => string[]>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
