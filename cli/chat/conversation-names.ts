// How the list of one's conversations names them: one person, or a group by its name and who is in it.
import type { Client, Conversation, User } from '../../src/client/client.ts';
import { codeOf, InputError } from '../../src/realm/errors.ts';
import type { ConversationId } from '../../src/realm/ids.ts';

/** Members of a group that a line names. */
const MAX_NAMED = 20;

export async function nameOf(
  client: Client,
  { id, others }: Conversation,
  label: (user: User) => string,
): Promise<string> {
  const [only] = others;
  if (only && others.length === 1 && client.conversationWith(only) === id) return label(only);
  const name = await groupName(client, id);
  const members = await membersOf(client, id, others);
  const more = members.length > MAX_NAMED ? [`and ${members.length - MAX_NAMED} more`] : [];
  return `group ${name ?? 'without a name'}: ${[...members.slice(0, MAX_NAMED).map(label), ...more].join(', ')}`;
}

/** By the name that its members gave it. @throws InputError `conversation-unknown` */
export async function groupCalled(client: Client, name: string): Promise<ConversationId> {
  for (const { id } of await client.conversations()) if ((await groupName(client, id)) === name) return id;
  throw new InputError('conversation-unknown', `No group is called ${name}: /who lists yours`);
}

/** Undefined of a conversation of two, and as long as the name has not come. */
export async function groupName(client: Client, id: ConversationId): Promise<string | undefined> {
  const timeline = await client.timeline(id);
  const { name } = timeline.view();
  timeline.close();
  return name;
}

/** As this device has checked them; of a group whose keys it has not yet, as the server lists them. */
async function membersOf(client: Client, id: Conversation['id'], listed: readonly User[]): Promise<readonly User[]> {
  try {
    const { members } = await client.groups.members(id);
    const known = await Promise.all(members.map(({ user }) => client.userById(user)));
    return known.flatMap((user) => user ?? []);
  } catch (error) {
    if (codeOf(error) === 'conversation-unknown') return listed;
    throw error;
  }
}
