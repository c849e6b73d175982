// Everyone this node knows of: its own users and, through the directory chains it follows, those of its enterprise; and by their
// exact address people of other enterprises (known-users.ts).
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { UserAddress } from '../../src/realm/user-address.ts';

export type UserKind = 'person' | 'bot' | 'system';
export type UserStatus = 'active' | 'disabled';

export interface UserProfile {
  readonly id: UserId;
  readonly address: UserAddress;
  readonly name: string;
  readonly kind: UserKind;
  /** Equals `address.realm`; the realm whose directory chain vouches for the user. */
  readonly home: RealmName;
  readonly status: UserStatus;
  /** Names the photo in the profile record (src/realm/photo.ts). */
  readonly photo?: string | undefined;
  /** Where somebody works, as an administrator has put it. */
  readonly department?: string | undefined;
  /** Found by nobody but who shares a conversation with the user (node/discretion). */
  readonly isHidden?: boolean | undefined;
}

/** What the home says of a sender: `nobody` when it knows none by that id, undefined when it told who it is or did not answer. */
export type Met = 'nobody' | undefined;

/** Answers come from memory; all of it is rebuilt from the ledger and the profile records at start. */
export interface Directory {
  findByAddress(address: UserAddress): UserProfile | undefined;
  findById(id: UserId): UserProfile | undefined;
  /** Users whose login begins with `prefix`, by login and then realm. `login@realm-prefix` narrows to realms. */
  search(prefix: string, limit: number, mayShow?: (user: UserProfile) => boolean): UserProfile[];
  list(): UserProfile[];
  /** Calls back after a user was added or changed, durably. Returns the unsubscriber. */
  onChange(listener: (user: UserProfile) => void): () => void;
  /** Also asks the home of somebody of another enterprise. @throws UnreachableError; RefusedError `lookup-rate` */
  lookUp?(address: UserAddress, asker: UserId): Promise<UserProfile | undefined>;
  /** The bytes that `photo` of a user names; undefined where there are none. */
  photoOf?(id: UserId): Promise<Uint8Array | undefined>;
  /** As `findById` and `search`, without those who are hidden from the asker. Absent: nobody is. */
  findFor?(asker: UserId, id: UserId): Promise<UserProfile | undefined>;
  searchFor?(asker: UserId, prefix: string, limit: number): Promise<UserProfile[]>;
  /**
   * Whether a user of that realm may have that id: in the own enterprise only who is listed there, elsewhere whom the id itself
   * says to be of that house (src/realm/house-id.ts).
   */
  mayHave?(home: RealmName, id: UserId): boolean;
  /** Somebody unknown has written: resolves soon, whether or not the home said who it is. Never rejects. */
  meet?(id: UserId, home: RealmName): Promise<Met>;
}
