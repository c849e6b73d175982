// What the rest of the node sees of presence: who is online, and who types. Nothing of it is ever stored.
// `createPresence` in presence-service.ts makes it.
import type { ConversationId, DeviceId, UserId } from '../../src/realm/ids.ts';

export type PresenceState = 'online' | 'offline';

export type PresenceEvent =
  /** `lastSeenAt` (milliseconds since 1970) only while offline and known. */
  | { readonly kind: 'state'; readonly user: UserId; readonly state: PresenceState; readonly lastSeenAt?: number }
  /** Begins or goes on for TYPING_LASTS milliseconds unless `active` is false. `to`: the local users it is meant for. */
  | {
      readonly kind: 'typing';
      readonly user: UserId;
      readonly conversation: ConversationId;
      readonly to: readonly UserId[];
      readonly active: boolean;
    };

export type PresenceListener = (event: PresenceEvent) => void;

export interface Watch {
  /** Replaces whom is watched; the present state of each new one is told at once or when its realm answers. At most MAX_WATCHED_EACH. */
  set(users: readonly UserId[]): void;
  end(): void;
}

export interface Presence {
  /** Users of this realm who are online now. */
  readonly online: number;
  /** `viewer` is the local user who looks; state events come for those watched, typing events for those meant for the viewer. */
  watch(viewer: UserId, listener: PresenceListener): Watch;
  /** A device of a local user came; a user is online while at least one device is. Idempotent. */
  setOnline(user: UserId, device: DeviceId): void;
  setOffline(user: UserId, device: DeviceId): void;
  /** A local user types to others; more often than once a second is ignored. */
  typing(user: UserId, conversation: ConversationId, to: readonly UserId[]): void;
  /** Whether a local user hides has changed. */
  retell(user: UserId): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}
