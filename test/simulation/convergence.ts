// What must be the same everywhere once all is settled: the chains of the ledger at all who follow them, the users of a house
// at all its nodes, and each conversation at both ends.
import { equals } from 'uint8arrays/equals';
import { houseOf } from '../../src/overlay/scope.ts';
import { chainName } from '../../src/protocols/ledger/entry.ts';
import type { Head } from '../../src/protocols/ledger/verify.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import { directConversationId } from '../../src/realm/ids.ts';
import { isWithin, parentOf } from '../../src/realm/names.ts';
import type { Person } from './person.ts';
import type { SimulatedRealm } from './realm.ts';
import type { World } from './world.ts';

const CHAINS = ['network', 'directory'] as const;
const PAGE = 200;

/** What differs, in words; nothing when all is the same. */
export async function differences(world: World): Promise<string[]> {
  const realms = world.realms.filter(({ name }) => !world.isRevoked(name));
  const heads = new Map<string, Head>();
  for (const realm of realms) {
    for (const chain of CHAINS) {
      const head = await realm.running?.ledger.store.head({ realm: realm.name, chain });
      if (head) heads.set(chainName(head.id), head);
    }
  }
  const found: string[] = [];
  for (const realm of realms) {
    found.push(...(await chainsThatDiffer(realm, realms, heads)));
    found.push(...missingUsers(world, realm));
    found.push(...undone(world, realm));
    found.push(...unaware(world, realm));
  }
  for (const [a, b] of pairsOf(world)) found.push(...(await conversationThatDiffers(a, b)));
  return found;
}

/** Every reader that has a chain has all of it; children, parents and colleagues have one. */
async function chainsThatDiffer(
  reader: SimulatedRealm,
  authors: readonly SimulatedRealm[],
  heads: ReadonlyMap<string, Head>,
): Promise<string[]> {
  const store = reader.running?.ledger.store;
  if (!store) return [];
  const held = new Set((await store.chains()).map(chainName));
  const found: string[] = [];
  for (const author of authors) {
    for (const chain of CHAINS) {
      const id = { realm: author.name, chain };
      if (author === reader || !(held.has(chainName(id)) || mustFollow(author, reader, chain))) continue;
      const [ours, theirs] = [heads.get(chainName(id)), await store.head(id)];
      if (!ours || (ours.n === theirs.n && equals(ours.hash, theirs.hash))) continue;
      found.push(`${reader.name} has ${theirs.n} of ${ours.n} entries of the ${chain} chain of ${author.name}`);
    }
  }
  return found;
}

function mustFollow(author: SimulatedRealm, reader: SimulatedRealm, chain: 'network' | 'directory'): boolean {
  if (chain === 'directory') return houseOf(author.init) === houseOf(reader.init);
  return parentOf(author.name) === reader.name || parentOf(reader.name) === author.name;
}

function missingUsers(world: World, realm: SimulatedRealm): string[] {
  const { running } = realm;
  const house = houseOf(realm.init);
  const colleagues = world.people.filter(({ profile }) => {
    return parentOf(profile.home) === house && !world.isRevoked(profile.home);
  });
  const missing = colleagues.filter(({ id }) => running?.directory.findById(id) === undefined);
  return missing.map(({ profile }) => `${realm.name} does not know ${profile.name}@${profile.home}`);
}

/** What an administrator was told is done must be there. */
function undone(world: World, realm: SimulatedRealm): string[] {
  const { running } = realm;
  const known = new Set(running?.ledger.realms().map((certified) => certified.realm));
  return (world.administrators.get(realm.name)?.done ?? []).flatMap((act) => {
    if (act.kind === 'certify' && !known.has(act.realm))
      return [`${realm.name} has lost that it certified ${act.realm}`];
    if (act.kind === 'add-user' && !running?.directory.findById(act.user.id)) {
      return [`${realm.name} has lost its user ${act.user.name}`];
    }
    return [];
  });
}

/** Who belongs to the enterprise of a revoked realm, stands above it, or trusts it, knows of the revocation. */
function unaware(world: World, { name, running }: SimulatedRealm): string[] {
  const revoked = [...world.revoked].filter(
    (one) => isWithin(one, name) || parentOf(one) === parentOf(name) || running?.charter.trustsItself(one) === true,
  );
  const unknown = revoked.filter((one) => running?.charter.isRealmRevoked(one) !== true);
  return unknown.map((one) => `${name} does not know that ${one} was revoked`);
}

function pairsOf({ people, chronicle, isRevoked }: World): [Person, Person][] {
  const byId = new Map(people.map((person) => [person.id, person]));
  const pairs = new Map<string, [Person, Person]>();
  for (const { sender, recipient, conversation } of chronicle.all()) {
    const [a, b] = [byId.get(sender), byId.get(recipient)];
    if (a && b && !isRevoked(a.profile.home) && !isRevoked(b.profile.home)) pairs.set(conversation, [a, b]);
  }
  return [...pairs.values()];
}

async function conversationThatDiffers(a: Person, b: Person): Promise<string[]> {
  const [ours, theirs] = [await historyAt(a, b), await historyAt(b, a)];
  if (ours.join() === theirs.join()) return [];
  return [`${a.profile.name} and ${b.profile.name} see different conversations: ${ours.length} and ${theirs.length}`];
}

/** Ids in the order of display. */
async function historyAt(person: Person, other: Person): Promise<string[]> {
  try {
    return await readHistory(person, other);
  } catch (error) {
    if (error instanceof CanopyError && error.code === 'conversation-unknown') return [];
    throw error;
  }
}

async function readHistory(person: Person, other: Person): Promise<string[]> {
  const conversations = person.realm.running?.conversations;
  if (!conversations) return [];
  const id = directConversationId(person.id, other.id);
  const found: string[] = [];
  for (let next: { before?: string } | undefined = {}; next; ) {
    const page = await conversations.history(person.id, id, { limit: PAGE, ...next });
    found.push(...page.messages.map(({ envelope }) => envelope.id));
    next = page.next === undefined ? undefined : { before: page.next };
  }
  return found;
}
