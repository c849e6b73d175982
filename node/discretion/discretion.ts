// Who is hidden, and from whom. An administrator hides a user (`user-changed` in the directory chain of the user's home); every node of
// the house, and each that asked for the user, knows it and keeps it from its own people. A hidden user is found by those alone who
// share a conversation with the user, or to whom the user has written. Hidden is who is found: the hidden find everybody.
//
// To all others the user is nobody: the same answers, after the same reads. No client is told that somebody is hidden.
import { InputError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Directory, UserProfile } from '../directory/directory.ts';
import type { Acquaintances } from './acquaintances.ts';

export interface DiscretionComponents {
  /** All whom this node knows. */
  readonly directory: Pick<Directory, 'findById'>;
  /** Who of them is hidden. */
  readonly hidden: () => readonly ReadonlySet<UserId>[];
  readonly acquaintances: Pick<Acquaintances, 'known' | 'hasAt'>;
}

export class Discretion {
  readonly #parts: DiscretionComponents;

  constructor(parts: DiscretionComponents) {
    this.#parts = parts;
  }

  /** Whether anybody at all is hidden: else nothing has to be asked. */
  get hidesAnybody(): boolean {
    return this.#parts.hidden().some(({ size }) => size > 0);
  }

  /** Those of `ids` who are known here and not hidden from that user of this realm, or in whose company the user is. */
  async reachable(asker: UserId, ids: readonly UserId[]): Promise<UserId[]> {
    const open = new Set(ids.filter((id) => id === asker || this.#isOpen(id)));
    // Who does not exist costs the same as who is hidden.
    const unsure = ids.filter((id) => !open.has(id));
    const known = unsure.length > 0 && this.hidesAnybody ? await this.#known(asker, unsure) : NOBODY;
    return ids.filter((id) => open.has(id) || known.has(id));
  }

  async mayReach(asker: UserId, id: UserId): Promise<boolean> {
    return (await this.reachable(asker, [id])).length > 0;
  }

  /** As for who does not exist. @throws InputError `user-unknown` */
  async assertReachable(asker: UserId, ids: readonly UserId[]): Promise<void> {
    if (!this.hidesAnybody) return;
    const reachable = new Set(await this.reachable(asker, ids));
    const hidden = ids.find((id) => !reachable.has(id));
    if (hidden !== undefined) throw new InputError('user-unknown', `Nobody known here has the id ${hidden}`);
  }

  /** Whom that user of this realm may be shown. */
  async shownTo(asker: UserId): Promise<(user: UserProfile) => boolean> {
    const known = this.hidesAnybody
      ? await this.#known(
          asker,
          this.#parts.hidden().flatMap((some) => [...some]),
        )
      : NOBODY;
    return ({ id, isHidden }) => !isHidden || id === asker || known.has(id);
  }

  /** Whether another realm's node is told of a user of this one by the id. */
  async mayTell(realm: RealmName, { id, isHidden }: Pick<UserProfile, 'id' | 'isHidden'>): Promise<boolean> {
    return !isHidden || this.#parts.acquaintances.hasAt(realm, id);
  }

  #isOpen(id: UserId): boolean {
    const user = this.#parts.directory.findById(id);
    return user !== undefined && user.isHidden !== true;
  }

  #known(asker: UserId, others: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    return this.#parts.acquaintances.known(asker, others);
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();
