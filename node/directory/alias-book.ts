// Bare logins of a house. The identity of a user is login@realm; the login alone is an alias, provisional until the node of the house
// has signed it in its directory chain. What that chain says counts everywhere; before it says anything, the earlier entry has the
// better claim, then the realm whose name comes first: so all who know of the same users see the same.
import type { Fact } from '../../src/protocols/ledger/entry.ts';
import {
  ALIASES,
  decodeAliases,
  decodeUser,
  decodeUserEntry,
  USER_ADDED,
  USER_REMOVED,
} from '../../src/protocols/ledger/kinds.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Login } from '../../src/realm/user-address.ts';
import type { UserProfile } from './directory.ts';

/** confirmed: signed by the house; provisional: not yet; lost: it belongs, or will, to somebody else. */
export type AliasState = 'confirmed' | 'provisional' | 'lost';

interface Claim {
  /** Milliseconds since 1970, of the entry that added the user. */
  readonly time: number;
  readonly realm: RealmName;
}

export interface Decisions {
  readonly granted: UserId[];
  readonly refused: { readonly id: UserId; readonly holder: UserId }[];
}

export class AliasBook {
  readonly #house: RealmName;
  readonly #claims = new Map<UserId, Claim>();
  readonly #decided = new Map<UserId, 'granted' | UserId>();
  readonly #byLogin = new Map<Login, Map<UserId, UserProfile>>();
  /** Logins that may have something to decide. */
  readonly #open = new Set<Login>();

  constructor(house: RealmName) {
    this.#house = house;
  }

  /** Takes an entry of a directory chain. @throws InputError `malformed` */
  note({ realm, kind, time, payload }: Fact): void {
    if (kind === USER_ADDED) {
      const { id } = decodeUserEntry(payload);
      if (!this.#claims.has(id)) this.#claims.set(id, { time, realm });
    } else if (kind === USER_REMOVED) {
      // Of its own users only: without a claim a user of another realm would stand differently.
      const id = decodeUser(payload);
      if (this.#claims.get(id)?.realm === realm) this.#claims.delete(id);
    } else if (kind === ALIASES && realm === this.#house) {
      const { granted, refused } = decodeAliases(payload);
      for (const id of granted) this.#decided.set(id, 'granted');
      for (const { id, holder } of refused) this.#decided.set(id, holder);
    }
  }

  list(user: UserProfile): void {
    const { login } = user.address;
    this.#open.add(login);
    const holders = this.#byLogin.get(login) ?? new Map<UserId, UserProfile>();
    this.#byLogin.set(login, holders.set(user.id, user));
  }

  remove(user: UserProfile): void {
    const { login } = user.address;
    this.#open.add(login);
    this.#byLogin.get(login)?.delete(user.id);
  }

  /** Whose alias it is, provisionally or not. */
  find(login: Login): UserProfile | undefined {
    return this.#inOrder(login)[0];
  }

  stateOf({ id, address }: UserProfile): AliasState {
    if (this.find(address.login)?.id !== id) return 'lost';
    return this.#decided.get(id) === 'granted' ? 'confirmed' : 'provisional';
  }

  /** What the node of the house has to decide: of each login that is undecided, or whose holder is gone. */
  due(limit: number): Decisions {
    const due: Decisions = { granted: [], refused: [] };
    for (const login of this.#open) {
      if (!this.#decide(login, due)) this.#open.delete(login);
      if (due.granted.length >= limit || due.refused.length >= limit) break;
    }
    return { granted: due.granted.slice(0, limit), refused: due.refused.slice(0, limit) };
  }

  /** True when there was something to decide. */
  #decide(login: Login, due: Decisions): boolean {
    const [holder, ...others] = this.#inOrder(login);
    if (!holder) return false;
    const refused = others.filter(({ id }) => this.#decided.get(id) !== holder.id);
    for (const { id } of refused) due.refused.push({ id, holder: holder.id });
    const isNew = this.#decided.get(holder.id) !== 'granted';
    if (isNew) due.granted.push(holder.id);
    return isNew || refused.length > 0;
  }

  /** The best claim first. */
  #inOrder(login: Login): UserProfile[] {
    return [...(this.#byLogin.get(login)?.values() ?? [])].sort((a, b) => this.#compare(a, b));
  }

  #compare(a: UserProfile, b: UserProfile): number {
    const granted = Number(this.#decided.get(b.id) === 'granted') - Number(this.#decided.get(a.id) === 'granted');
    if (granted !== 0) return granted;
    const [first, second] = [a, b].map(({ id }) => this.#claims.get(id)?.time ?? Number.MAX_SAFE_INTEGER);
    const time = (first ?? 0) - (second ?? 0);
    return time !== 0 ? time : a.home < b.home ? -1 : 1;
  }
}
