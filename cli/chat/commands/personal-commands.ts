// Commands about what is the own user's: whom one blocks, what others learn of one, what is shown of a conversation.
import { InputError } from '../../../src/realm/errors.ts';
import { accountOf } from '../chat-keys.ts';
import { blockedIdOf, idOf, setPrivacy } from '../chat-lookups.ts';
import { clock, labelOf } from '../shown-text.ts';
import { type ChatCommand, type ChatDesk, type Chosen, chosenIn, given } from './chat-command.ts';

const PRIVACY_EXAMPLE = '/privacy receipts off, or /privacy presence on';

export const PERSONAL: readonly ChatCommand[] = [
  { name: 'block', takes: 'USER@BRANCH', does: 'nothing more comes from this person', run: block },
  { name: 'unblock', takes: 'USER@BRANCH', does: 'let this person write to you again', run: unblock },
  { name: 'blocked', does: 'whom you have blocked', run: tellBlocked },
  { name: 'privacy', does: 'what others learn of you', run: tellPrivacy },
  {
    name: 'privacy receipts',
    takes: 'on | off',
    does: 'whether they learn what you have read',
    run: (desk, words) => tellPrivacy(desk, words, 'receipts'),
  },
  {
    name: 'privacy presence',
    takes: 'on | off',
    does: 'whether they learn when you are online',
    run: (desk, words) => tellPrivacy(desk, words, 'presence'),
  },
  { name: 'mute', does: 'show nothing of this conversation as it comes', run: mute },
  { name: 'unmute', does: 'show it again', run: unmute },
  { name: 'top', does: 'keep this conversation on top of /who', run: (desk) => keepOnTop(desk, true) },
  { name: 'untop', does: 'put it among the others again', run: (desk) => keepOnTop(desk, false) },
];

export const PERSONAL_NOTES: readonly string[] = [
  'A muted conversation stays unread, and a message that names you is shown all the',
  'same. /mute ends with this chat.',
];

async function block({ client, quiet }: ChatDesk, words: string): Promise<void> {
  const address = given(words, '/block USER@BRANCH');
  await client.contacts.block(await idOf(client, address));
  quiet(`nothing more comes from ${address}; earlier messages stay`);
}

async function unblock({ client, quiet }: ChatDesk, words: string): Promise<void> {
  const address = given(words, '/unblock USER@BRANCH');
  await client.contacts.unblock(await blockedIdOf(client, address));
  quiet(`${address} can write to you again`);
}

async function tellBlocked({ client, print, quiet }: ChatDesk): Promise<void> {
  const blocked = await client.contacts.blocked();
  if (blocked.length === 0) return quiet('nobody is blocked');
  for (const { user, at } of blocked) {
    const who = user.address === '' ? `somebody who can't be found any more (${user.id})` : labelOf(user);
    print(`${who}  since ${clock(at)}`);
  }
}

async function tellPrivacy({ client, print }: ChatDesk, words: string, what?: 'receipts' | 'presence'): Promise<void> {
  const isKnown = what === undefined ? words === '' : words === 'on' || words === 'off';
  if (!isKnown) throw new InputError('bad-input', `"${words}" is not understood: ${PRIVACY_EXAMPLE}`);
  const wish = what === undefined ? {} : { [what]: words === 'on' };
  const { receipts, presence, hidden } = await setPrivacy(accountOf(client), wish);
  print(`receipts: others ${told(receipts, hidden.receipts)} what you have read`);
  print(`presence: others ${told(presence, hidden.presence)} when you are online`);
}

function told(isOpen: boolean, isHidden: boolean): string {
  const way = isOpen && !isHidden ? 'learn' : 'do not learn';
  return isHidden ? `${way} (your administrator hides it for everybody)` : way;
}

function mute(desk: ChatDesk): void {
  const chosen = chosenIn(desk);
  desk.muted.add(chosen.conversation);
  desk.quiet(`${titleOf(chosen)} is muted until /unmute or the end of this chat`);
}

function unmute(desk: ChatDesk): void {
  const chosen = chosenIn(desk);
  const wasMuted = desk.muted.delete(chosen.conversation);
  desk.quiet(
    wasMuted ? `${titleOf(chosen)} is shown again; /history has what came` : `${titleOf(chosen)} was not muted`,
  );
}

async function keepOnTop(desk: ChatDesk, on: boolean): Promise<void> {
  const chosen = chosenIn(desk);
  await desk.client.setPinned(chosen.conversation, on);
  desk.quiet(`${titleOf(chosen)} ${on ? 'stands on top' : 'stands among the others'}, on all your devices`);
}

function titleOf({ group, colleague }: Chosen): string {
  return group ?? colleague ?? 'this conversation';
}
