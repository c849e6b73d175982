// Two or three branches with groups over a fake network; commits are opaque here, as they are for servers.
import type { TestContext } from 'node:test';
import type { Author } from '../../../node/groups/groups.ts';
import { encodeRoster, type MemberRole, type RosterKind } from '../../../src/crypto/roster.ts';
import {
  type ConversationId,
  type GroupId,
  parseConversationId,
  parseGroupId,
  type UserId,
} from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Branch, type BranchOptions, DEVICE, messageId, startBranch } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

export const CONVERSATION = parseConversationId('60000000-0000-4000-8000-000000000001');
export const GROUP = parseGroupId('70000000-0000-4000-8000-000000000001');
export const never = new AbortController().signal;

export async function world(t: TestContext, realms: readonly RealmName[], options: Partial<BranchOptions> = {}) {
  const network = new SimulatedNetwork();
  const branches = new Map<RealmName, Branch>();
  for (const realm of realms) {
    const database = await openDatabase(await temporaryFolder(t));
    const branch = await startBranch({ realm, database, network, ...options });
    branches.set(realm, branch);
    t.after(async () => {
      await branch.stop();
      await database.close();
    });
  }
  const at = (realm: RealmName): Branch => branches.get(realm) ?? fail(realm);
  return { network, at };
}

function fail(realm: RealmName): never {
  throw new Error(`no ${realm} in this test`);
}

export function author(user: UserId, realm: RealmName): Author {
  return { user, device: DEVICE, realm };
}

export interface Proposal {
  readonly epoch: number;
  readonly home: RealmName;
  readonly members: readonly (readonly [UserId, MemberRole])[];
  readonly kind?: RosterKind;
  readonly text?: string;
  readonly conversation?: ConversationId;
  readonly group?: GroupId;
  readonly info?: Uint8Array;
  readonly term?: number;
}

export function change(given: Proposal) {
  const { epoch, home, members, kind = 'group', text = `commit ${epoch}`, term = 0 } = given;
  const rosterBytes = encodeRoster({ kind, home, term, members: members.map(([user, role]) => ({ user, role })) });
  return {
    conversation: given.conversation ?? CONVERSATION,
    group: given.group ?? GROUP,
    epoch,
    commit: new TextEncoder().encode(text),
    rosterBytes,
    groupInfo: given.info,
    welcomes: [],
  };
}

export function groupMessage(n: number, text = 'hello', conversation = CONVERSATION) {
  return {
    id: messageId(n),
    conversation,
    recipients: [],
    expires: 0,
    body: new TextEncoder().encode(text),
  };
}

export async function epochAt(branch: Branch, conversation = CONVERSATION): Promise<number> {
  return (await branch.rosters.find(conversation))?.epoch ?? 0;
}
