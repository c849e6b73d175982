// What both forms of the terminal chat do with keys alike.
import { type Client, english, sentenceOf } from '../../src/client/client.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';

/** Only the identity whose number was seen. @throws RefusedError `identity-other` */
export async function acceptPerson(client: Client, id: UserId, seen: string): Promise<void> {
  const { changedTo } = await client.contacts.identityOf(id);
  if (changedTo?.safetyNumber.join(' ') !== groupsOf(seen)?.join(' ') || !changedTo) {
    throw new RefusedError('identity-other', sentenceOf(english, 'identity-other'));
  }
  await client.contacts.accept(id, changedTo.identity);
}

/** @throws RefusedError `account-locked` */
export function accountOf(client: Client) {
  const { account } = client;
  if (!account) throw new RefusedError('account-locked', sentenceOf(english, 'account-locked'));
  return account;
}

/** As it was read out: in groups, or in one piece. */
export function groupsOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : (text.replaceAll(/\D/g, '').match(/\d{5}/g) ?? []);
}
