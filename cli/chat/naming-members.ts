// Whom a text typed in a terminal names: members of the conversation that it goes to.
import { type Client, mentionedIn } from '../../src/client/client.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { ConversationId, UserId } from '../../src/realm/ids.ts';

/** Nobody where this device has no keys of the conversation yet. */
export async function mentionsFor(
  client: Client,
  conversation: ConversationId,
  text: string,
): Promise<{ readonly mentions?: readonly UserId[] }> {
  if (!text.includes('@')) return {};
  const people = await Promise.all((await membersOf(client, conversation)).map((id) => client.userById(id)));
  const named = mentionedIn(
    text,
    people.filter((user) => user !== undefined),
  );
  return named.length > 0 ? { mentions: named.map(({ id }) => id) } : {};
}

async function membersOf(client: Client, conversation: ConversationId): Promise<readonly UserId[]> {
  try {
    return (await client.groups.members(conversation)).members.map(({ user }) => user);
  } catch (error) {
    if (codeOf(error) === 'conversation-unknown') return [];
    throw error;
  }
}
