// Sessions: a login of one device. The bearer of a token is the session's user; only the token's SHA-256 is kept.
import type { DeviceId, UserId } from '../../src/realm/ids.ts';

export interface Device {
  readonly id: DeviceId;
  /** What the user calls it, or the kind of client. At most 100 characters; longer is cut. */
  readonly name: string;
}

export interface Session {
  /** Names the session to its owner and in the audit log; it is no secret. */
  readonly id: string;
  readonly user: UserId;
  readonly device: Device;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly lastSeen: number;
}

export type SessionEnd =
  | 'logout'
  | 'revoked'
  | 'expired'
  | 'replaced'
  | 'password-changed'
  | 'disabled'
  | 'wiped'
  | 'branch-locked';

export interface Sessions {
  /** The live session of a token (base64url, 43 characters); from memory. Marks it as seen. */
  find(token: string): Session | undefined;
  /** Live sessions of a user, newest first. */
  list(user: UserId): Session[];
  /**
   * A new token for the session, which otherwise goes on; the old one is worth nothing from then on. Resolves when durable.
   * @throws RefusedError `session-missing` when the session is over
   */
  rotate(session: Session): Promise<string>;
  /** Resolves when durable. Ending a session that is gone is no error. */
  end(sessionId: string, why: SessionEnd): Promise<void>;
  endAll(user: UserId, why: SessionEnd, except?: string): Promise<void>;
  /** Calls back when a session ends, even if the disk cannot take it yet: its sockets must be closed. Returns the unsubscriber. */
  onEnd(listener: (session: Session, why: SessionEnd) => void): () => void;
}
