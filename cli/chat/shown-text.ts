// How people, times and messages read in a terminal.
import { type Client, english, type ShownMessage, sentenceOf, type User } from '../../src/client/client.ts';
import type { UserId } from '../../src/realm/ids.ts';

export function labelOf({ name, address, department }: User): string {
  const label = `${visible(name)} <${visible(address)}>`;
  return department === undefined ? label : `${label}, ${visible(department)}`;
}

/** What others wrote must not steer this terminal: control characters and overrides of direction become visible marks. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (mark) =>
    mark === '\n' || mark === '\t' ? ' ' : '\ufffd',
  );
}

/** `14:02` today, `2026-11-17 14:02` otherwise, by the clock of this computer. */
export function clock(milliseconds: number): string {
  const at = new Date(milliseconds);
  const time = at.toTimeString().slice(0, 5);
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString('sv')} ${time}`;
}

/** The address; of somebody who can't be found, the id. */
export async function addressOf(client: Client, id: UserId): Promise<string> {
  return (await client.userById(id).catch(() => undefined))?.address || id;
}

/** `14:02 Engineer One <engineer@lviv.acme.ua>  The drawings are there. (edited, pinned)` */
export async function messageLine(client: Client, message: ShownMessage): Promise<string> {
  const { sender, sentAt, text, file, problem, forwardedFrom, pinned, editedAt } = message;
  const user = await client.userById(sender).catch(() => undefined);
  const said = [text, file && `[file ${file.name}]`].filter((part) => part !== undefined && part !== '').join(' ');
  const words = said || sentenceOf(english, problem ?? 'content-unreadable');
  const origin = forwardedFrom ? `forwarded, written by ${await addressOf(client, forwardedFrom.author)}: ` : '';
  const marks = [editedAt === undefined ? '' : 'edited', pinned ? 'pinned' : ''].filter((mark) => mark !== '');
  return `${clock(sentAt)} ${user ? labelOf(user) : sender}  ${origin}${words}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
}
