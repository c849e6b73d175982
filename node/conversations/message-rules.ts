// Who may write to whom, and how much, as conversations ask it; node/policies decides.
import type { RealmName } from '../../src/realm/names.ts';
import type { Met, UserProfile } from '../directory/directory.ts';

export interface MessageRules {
  /** The code of what forbids it: `destination-forbidden`, `trust-scope`. */
  outgoing(from: UserProfile, to: UserProfile): string | undefined;
  /**
   * The sender is `nobody` when its home has said that it knows none by that id, undefined when it has said nothing.
   * @throws LocalError `sender-unresolved`: it depends on who the sender is, and nobody has said yet; later it may be known
   */
  incoming(sender: UserProfile | Met, origin: RealmName, to: UserProfile): string | undefined;
}

/** What the policies say of messages. */
export interface MessageLimits {
  /** Bytes of a sealed message. */
  readonly size?: number | undefined;
  /** Milliseconds for which messages are kept. */
  readonly retention?: number | undefined;
}
