// The commands of the chat for people: which there are, how they are found by what is typed, and how their list reads.
import type { ChatCommand, ChatSection } from './chat-command.ts';
import { GROUPS, GROUPS_NOTES } from './group-commands.ts';
import { MESSAGES, MESSAGES_NOTES } from './message-commands.ts';
import { PERSONAL, PERSONAL_NOTES } from './personal-commands.ts';
import { TALKING } from './talking-commands.ts';

/** Of the first column. */
const WIDTH = 29;
/** Letters that a word may differ in from what is meant. */
const MAX_DIFFERENCE = 2;

export class ChatCommands {
  readonly #sections: readonly ChatSection[];
  readonly #all: readonly ChatCommand[];

  constructor(keys: readonly ChatCommand[]) {
    this.#sections = [
      { name: 'talking', about: 'to whom, what was said, files', commands: TALKING },
      { name: 'messages', about: 'answer, change, delete, forward, pin', commands: MESSAGES, notes: MESSAGES_NOTES },
      { name: 'groups', about: 'groups and news, members, roles', commands: GROUPS, notes: GROUPS_NOTES },
      { name: 'personal', about: 'block, privacy, mute', commands: PERSONAL, notes: PERSONAL_NOTES },
      { name: 'keys', about: 'safety numbers, devices, recovery key', commands: keys },
    ];
    // `/group new` before `/group`.
    this.#all = this.#sections.flatMap(({ commands }) => commands).toSorted((a, b) => b.name.length - a.name.length);
  }

  /** Undefined for a line that is no command of these. */
  find(line: string): { readonly command: ChatCommand; readonly words: string } | undefined {
    const typed = line.slice(1).split(/\s+/);
    for (const command of this.#all) {
      const name = command.name.split(' ');
      if (!name.every((word, index) => typed[index] === word)) continue;
      const behind = new RegExp(`^/${name.join('\\s+')}\\s*`);
      return { command, words: line.replace(behind, '').trim() };
    }
    return undefined;
  }

  /** What may have been meant. */
  nearest(line: string): string | undefined {
    const [typed = ''] = line.slice(1).split(/\s+/);
    const names = this.#all.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);
    const [best] = names
      .map((name) => ({ name, difference: differenceOf(typed, name) }))
      .toSorted((a, b) => a.difference - b.difference);
    return best && best.difference <= Math.min(MAX_DIFFERENCE, typed.length - 1) ? best.name : undefined;
  }

  /** The whole line, for the Tab key. */
  complete(line: string): readonly string[] {
    if (!line.startsWith('/')) return [];
    const names = ['help', ...this.#all.map(({ name }) => name)].toSorted();
    return names.map((name) => `/${name} `).filter((name) => name.startsWith(line));
  }

  /** Of one section or command, of all, or what one begins with. */
  help(about: string): readonly string[] {
    if (about === 'all') return this.#sections.flatMap(sectionLines);
    const section = this.#sections.find(({ name }) => name === about);
    if (section) return sectionLines(section);
    const asked = about.replace(/^\//, '');
    const commands = this.#all.filter(({ name }) => asked !== '' && (name === asked || name.startsWith(`${asked} `)));
    if (commands.length > 0) return commands.toReversed().map(commandLine);
    return this.#beginning();
  }

  #beginning(): readonly string[] {
    const [first, ...others] = this.#sections;
    return [
      ...(first?.commands ?? []).map(commandLine),
      'Anything else is sent to the colleague or the group chosen.',
      'More:',
      ...others.map(({ name, about }) => row(`/help ${name}`, about)),
      row('/help all', 'every command'),
    ];
  }
}

function sectionLines({ name, commands, notes = [] }: ChatSection): readonly string[] {
  return [`${name.toUpperCase()}`, ...commands.map(commandLine), ...notes];
}

function commandLine({ name, takes, does }: ChatCommand): string {
  return row(takes === undefined ? `/${name}` : `/${name} ${takes}`, does);
}

function row(typed: string, does: string): string {
  return `  ${typed.padEnd(WIDTH)} ${does}`;
}

/** Letters that are to be changed, added or taken away (Levenshtein). */
function differenceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
