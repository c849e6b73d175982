// The lines that `canopy chat --json` takes, by their names.
import { InputError, messageOf } from '../../../src/realm/errors.ts';
import type { ChatLine, ChatLines } from './chat-line.ts';
import { GROUP_LINES } from './group-lines.ts';
import { KEY_LINES } from './key-lines.ts';
import { MESSAGE_LINES } from './message-lines.ts';
import { PERSONAL_LINES } from './personal-lines.ts';
import { SENDING_LINES } from './sending-lines.ts';

const LINES: ReadonlyMap<string, ChatLine> = new Map(
  [SENDING_LINES, MESSAGE_LINES, GROUP_LINES, PERSONAL_LINES, KEY_LINES].flatMap((lines: ChatLines) =>
    Object.entries(lines),
  ),
);
const WHERE = 'docs/protocols/lan-api.md has them';

export interface ReadLine {
  readonly line: ChatLine;
  readonly given: unknown;
  /** Of the message that it is about, as it was written. */
  readonly id?: string;
}

/** @throws InputError `bad-input` */
export function readLine(text: string): ReadLine {
  const input = parsed(text);
  const entries = typeof input === 'object' && input !== null && !Array.isArray(input) ? Object.entries(input) : [];
  const [entry, ...more] = entries;
  if (!entry || more.length > 0) {
    throw new InputError('bad-input', `A line is an object with one name, {"send":{…}} for example; ${WHERE}`);
  }
  const [name, given] = entry;
  const line = LINES.get(name);
  if (!line) throw new InputError('bad-input', `No line is called "${name.slice(0, 40)}"; ${WHERE}`);
  return { line, given, ...idIn(given) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError('bad-input', `The line is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function idIn(given: unknown): { id?: string } {
  const id = typeof given === 'object' && given !== null && 'id' in given ? given.id : undefined;
  return typeof id === 'string' ? { id } : {};
}
