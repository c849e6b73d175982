// Branches with conversations, groups, mails and key packages over a fake network, where the cook of Kyiv is hidden until a test says
// otherwise; what clients of a branch may do is as behind its LAN side.
import type { TestContext } from 'node:test';
import type { Directory, UserProfile } from '../../../node/directory/directory.ts';
import {
  discreetConversations,
  discreetGroups,
  discreetKeyPackages,
  discreetMails,
} from '../../../node/discretion/discreet-parts.ts';
import type { Discretion } from '../../../node/discretion/discretion.ts';
import { openDiscretion } from '../../../node/open-discretion.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Branch, COOK, directory, startBranch } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

/** A directory in which tests hide people and show them again. */
export class Veiled implements Pick<Directory, 'findById' | 'onChange'> {
  readonly #open = directory();
  readonly #listeners = new Set<(user: UserProfile) => void>();
  readonly hidden = new Set([COOK]);

  findById(id: UserId): UserProfile | undefined {
    const user = this.#open.findById(id);
    return user && this.hidden.has(id) ? { ...user, isHidden: true } : user;
  }

  onChange(listener: (user: UserProfile) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(id: UserId, isHidden: boolean): void {
    if (isHidden) this.hidden.add(id);
    else this.hidden.delete(id);
    const user = this.findById(id);
    for (const listener of this.#listeners) if (user) listener(user);
  }
}

export interface DiscreetBranch extends Branch {
  readonly discretion: Discretion;
  /** As clients have it. */
  readonly lan: ReturnType<typeof behindLan>;
}

function behindLan({ conversations, groups, mails, keyPackages }: Branch, discretion: Discretion) {
  return {
    conversations: discreetConversations(
      { submit: (...given) => conversations.submit(...given) } as Parameters<typeof discreetConversations>[0],
      discretion,
    ),
    groups: discreetGroups(groups, discretion),
    mails: discreetMails(mails, discretion),
    keyPackages: discreetKeyPackages(keyPackages, discretion),
  };
}

export async function hiddenWorld(t: TestContext, realms: readonly RealmName[]) {
  const network = new SimulatedNetwork();
  const users = new Veiled();
  const branches = new Map<RealmName, DiscreetBranch>();
  for (const realm of realms) {
    const database = await openDatabase(await temporaryFolder(t));
    const mayTell = async (to: RealmName, id: UserId): Promise<boolean> => {
      const user = users.findById(id);
      return user !== undefined && (await branches.get(realm)?.discretion.mayTell(to, user)) === true;
    };
    const branch = await startBranch({ realm, database, network, directory: users, mayTell });
    const foreign = { findById: () => undefined, hidden: new Set<UserId>() };
    const discretion = openDiscretion(database, { users, foreign, rosters: branch.rosters });
    branches.set(realm, { ...branch, discretion, lan: behindLan(branch, discretion) });
    t.after(async () => {
      await branch.stop();
      await database.close();
    });
  }
  const at = (realm: RealmName): DiscreetBranch => {
    const branch = branches.get(realm);
    if (!branch) throw new Error(`no ${realm} in this test`);
    return branch;
  };
  return { network, users, at };
}
