// Sessions in memory, durable underneath.
//
//   ('session', sha-256 of the token)  [version 1, id, user, device id, device name, created, last seen]
//
// A session lives 14 days without use and 90 days in all, unless configured. `find` reads memory only; that a session was seen is
// written at most every 10 minutes and not waited for: losing it shortens an idle time and nothing else.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields } from '../../src/store/positional.ts';
import { DeviceStore } from './device-store.ts';
import type { LockStore } from './lock-store.ts';
import type { Device, Session, SessionEnd, Sessions } from './sessions.ts';

export interface SessionComponents {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** While the branch is locked no session begins. */
  readonly lock?: Pick<LockStore, 'assertOpen'>;
}

/** A session that is over in memory, and what makes it so on disk. */
export interface EndedSession {
  readonly hash: Uint8Array;
  readonly session: Session;
  readonly writes: readonly Write[];
}

export interface SessionSettings {
  /** Milliseconds without use. */
  readonly idle: number;
  /** Milliseconds since the login. */
  readonly absolute: number;
}

interface Kept {
  readonly hash: Uint8Array;
  session: Session;
  /** When `lastSeen` was last written. */
  written: number;
}

const DAY = 24 * 60 * 60 * 1000;
export const DEFAULT_SESSIONS: SessionSettings = { idle: 14 * DAY, absolute: 90 * DAY };
const VERSION = 1;
const TOKEN = 32;
const UUID = 16;
const MAX_DEVICE_NAME = 100;
const SEEN_INTERVAL = 10 * 60 * 1000;
/** The oldest gives way, so that no script that logs in again and again fills the store. */
export const MAX_SESSIONS = 50;

function newToken(): string {
  return randomBytes(TOKEN).toString('base64url');
}

function over(id: string): RefusedError {
  return new RefusedError('session-missing', `the session ${id} is over`);
}

export function hashOf(token: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(token).digest());
}

function encodeSession({ id, user, device, created, lastSeen }: Session): Uint8Array {
  return encodeFields([VERSION, id, idBytes(user), idBytes(device.id), device.name, created, lastSeen]);
}

function decodeSession(bytes: Uint8Array): Session {
  return decodeFields(bytes, 'session', (reader) => {
    reader.version(VERSION);
    const id = reader.text(36);
    const user = parseUserId(idText(reader.bytes(UUID, UUID)));
    const device = { id: parseDeviceId(idText(reader.bytes(UUID, UUID))), name: reader.text(MAX_DEVICE_NAME) };
    return { id, user, device, created: reader.number(), lastSeen: reader.number() };
  });
}

export class SessionStore implements Sessions {
  readonly #parts: SessionComponents;
  readonly #settings: SessionSettings;
  readonly #devices: DeviceStore;
  readonly #byHash = new Map<string, Kept>();
  readonly #byUser = new Map<UserId, Set<Kept>>();
  readonly #listeners = new Set<(session: Session, why: SessionEnd) => void>();

  constructor(components: SessionComponents, settings: SessionSettings = DEFAULT_SESSIONS) {
    this.#parts = components;
    this.#settings = settings;
    this.#devices = new DeviceStore(components.database);
  }

  async load(): Promise<void> {
    for await (const [rowKey, bytes] of this.#parts.database.iterate(under('session'))) {
      const hash = parseKey(rowKey)[1];
      const session = decodeSession(bytes);
      if (hash instanceof Uint8Array) this.#keep({ hash, session, written: session.lastSeen });
    }
    await this.#endKept(
      [...this.#byHash.values()].filter((kept) => this.#isOver(kept.session)),
      'expired',
    );
  }

  /** A new session and its token; an earlier one of the same device ends, as does the oldest above 50. `writes` go into the same commit. */
  async create(
    user: UserId,
    device: Device,
    writes: readonly Write[] = [],
  ): Promise<{ token: string; session: Session }> {
    const { clock, lock } = this.#parts;
    lock?.assertOpen();
    const now = clock.now();
    const token = newToken();
    const name = device.name.toWellFormed().slice(0, MAX_DEVICE_NAME).toWellFormed();
    const session = { id: randomUUID(), user, device: { id: device.id, name }, created: now, lastSeen: now };
    const met = await this.#devices.meet(user, device.id, { name, lastSeen: now });
    const kept = { hash: hashOf(token), session, written: now };
    const replaced = this.#replacedBy(user, device.id);
    // What the device is now comes last: one of those replaced may be its own.
    await this.#parts.database.commit([
      ...writes,
      ...replaced.flatMap((old) => this.#over(old)),
      ...met,
      this.#put(kept),
    ]);
    await this.#assertStillOpen(kept);
    this.#keep(kept);
    this.#forget(replaced, 'replaced');
    return { token, session };
  }

  find(token: string): Session | undefined {
    const kept = this.#byHash.get(Buffer.from(hashOf(token)).toString('hex'));
    if (!kept) return undefined;
    if (this.#isOver(kept.session)) {
      this.#endKept([kept], 'expired').catch((error) => this.#report(error));
      return undefined;
    }
    this.#see(kept);
    return kept.session;
  }

  list(user: UserId): Session[] {
    return this.#of(user)
      .filter(({ session }) => !this.#isOver(session))
      .map(({ session }) => session)
      .sort((a, b) => b.created - a.created);
  }

  async rotate({ id, user }: Session): Promise<string> {
    const old = this.#of(user).find(({ session }) => session.id === id);
    if (!old) throw over(id);
    const token = newToken();
    const now = this.#parts.clock.now();
    const fresh = { hash: hashOf(token), session: old.session, written: now };
    // A request of this very moment must not write the old row again behind the commit.
    old.written = now;
    await this.#parts.database.commit([this.#put(fresh), this.#del(old)]);
    if (!this.#of(user).includes(old)) {
      await this.#parts.database.commit([this.#del(fresh)]);
      throw over(id);
    }
    this.#drop(old);
    this.#keep(fresh);
    return token;
  }

  async end(sessionId: string, why: SessionEnd): Promise<void> {
    await this.#endKept(
      [...this.#byHash.values()].filter(({ session }) => session.id === sessionId),
      why,
    );
  }

  /** `writes` go into the same commit. */
  async endAll(user: UserId, why: SessionEnd, except?: string, writes: readonly Write[] = []): Promise<void> {
    await this.#endKept(
      this.#of(user).filter(({ session }) => session.id !== except),
      why,
      writes,
    );
  }

  /** Ends the sessions of one device; `mark` says what is written for the token of each, in the same commit. */
  async endDevice(
    user: UserId,
    device: DeviceId,
    why: SessionEnd,
    mark: (tokenHash: Uint8Array) => Write,
  ): Promise<void> {
    const ended = this.#of(user).filter(({ session }) => session.device.id === device);
    await this.#endKept(
      ended,
      why,
      ended.map(({ hash }) => mark(hash)),
    );
  }

  /** All of them at once; the disk is left to whoever asked for it. */
  dropAll(why: SessionEnd): EndedSession[] {
    const ended = [...this.#byHash.values()];
    const writes = ended.map((kept) => this.#over(kept));
    this.#forget(ended, why);
    return ended.map(({ hash, session }, at) => ({ hash, session, writes: writes[at] ?? [] }));
  }

  onEnd(listener: (session: Session, why: SessionEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(user: UserId): Kept[] {
    return [...(this.#byUser.get(user) ?? [])];
  }

  /** The branch may have been locked while the disk worked. @throws RefusedError `branch-locked` */
  async #assertStillOpen(kept: Kept): Promise<void> {
    try {
      this.#parts.lock?.assertOpen();
    } catch (error) {
      await this.#parts.database.commit([this.#del(kept)]);
      throw error;
    }
  }

  #replacedBy(user: UserId, device: DeviceId): Kept[] {
    const others = this.#of(user).sort((a, b) => b.session.created - a.session.created);
    const same = others.filter(({ session }) => session.device.id === device);
    return [...same, ...others.filter((kept) => !same.includes(kept)).slice(MAX_SESSIONS - 1)];
  }

  #isOver({ created, lastSeen }: Session): boolean {
    const now = this.#parts.clock.now();
    return now - lastSeen > this.#settings.idle || now - created > this.#settings.absolute;
  }

  #see(kept: Kept): void {
    const now = this.#parts.clock.now();
    // A clock that goes back must not end the session later.
    kept.session = { ...kept.session, lastSeen: Math.max(now, kept.session.lastSeen) };
    if (now - kept.written < SEEN_INTERVAL) return;
    kept.written = now;
    this.#parts.database.commit([this.#put(kept)]).catch((error) => this.#report(error));
  }

  async #endKept(ended: readonly Kept[], why: SessionEnd, writes: readonly Write[] = []): Promise<void> {
    // Ended at once, whatever the disk says: a revoked session must not live on while it is full.
    this.#forget(ended, why);
    await this.#parts.database.commit([...ended.flatMap((kept) => this.#over(kept)), ...writes]);
  }

  #forget(ended: readonly Kept[], why: SessionEnd): void {
    for (const kept of ended) {
      this.#drop(kept);
      for (const listener of this.#listeners) listener(kept.session, why);
    }
  }

  #keep(kept: Kept): void {
    this.#byHash.set(Buffer.from(kept.hash).toString('hex'), kept);
    const ofUser = this.#byUser.get(kept.session.user) ?? new Set<Kept>();
    this.#byUser.set(kept.session.user, ofUser.add(kept));
  }

  #drop(kept: Kept): void {
    this.#byHash.delete(Buffer.from(kept.hash).toString('hex'));
    const ofUser = this.#byUser.get(kept.session.user);
    ofUser?.delete(kept);
    if (ofUser?.size === 0) this.#byUser.delete(kept.session.user);
  }

  #put({ hash, session }: Kept): Write {
    return { type: 'put', key: key('session', hash), value: encodeSession(session) };
  }

  /** The session goes; what it was called and when it was seen last stays with the device. */
  #over(kept: Kept): Write[] {
    const { user, device, lastSeen } = kept.session;
    return [this.#del(kept), this.#devices.putSeen(user, device.id, { name: device.name, lastSeen })];
  }

  #del({ hash }: Kept): Write {
    return { type: 'del', key: key('session', hash) };
  }

  #report(error: unknown): void {
    this.#parts.log.warn({ why: String(error) }, 'session was not written');
  }
}

export async function openSessions(components: SessionComponents, settings?: SessionSettings): Promise<SessionStore> {
  const sessions = new SessionStore(components, settings);
  await sessions.load();
  return sessions;
}
