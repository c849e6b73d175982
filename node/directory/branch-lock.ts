// The panic lock. It counts at once, in memory, whatever the disk says: a branch that is about to be seized waits for nothing. Whoever
// asked for it hears that it is done when it is on disk. What devices are to erase is marked in the same commit; that the directory
// takes those devices off follows, now or after a restart.

import type { Clock } from '../../src/realm/clock.ts';
import { LocalError, messageOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Audit } from '../audit/audit.ts';
import { type DeviceService, WIPE_LIFETIME } from './device-service.ts';
import type { DeviceStore } from './device-store.ts';
import type { IdentityService } from './identity-service.ts';
import type { DueDevice, Lock, LockStore } from './lock-store.ts';
import type { EndedSession, SessionStore } from './session-store.ts';

export interface BranchLockComponents {
  readonly store: LockStore;
  readonly sessions: SessionStore;
  readonly devices: Pick<DeviceService, 'markWiped'>;
  readonly deviceStore: Pick<DeviceStore, 'everySeen' | 'drop'>;
  readonly identities: Pick<IdentityService, 'keysOf' | 'removeDevice'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export interface Locked extends Lock {
  /** Sessions that this lock ended. */
  readonly sessions: number;
  /** Devices that are to erase what they hold. */
  readonly devices: number;
}

export class BranchLock {
  readonly #parts: BranchLockComponents;
  /** Ended in memory and not yet on disk. */
  #unwritten: EndedSession[] = [];
  /** How often a lock was asked for: an unlocking that began before the last of them opens nothing. */
  #asked = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #takingOff: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(components: BranchLockComponents) {
    this.#parts = components;
  }

  get current(): Lock | undefined {
    return this.#parts.store.current;
  }

  /** Goes on with what a restart has interrupted. */
  start(): void {
    this.#takeOff();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#takingOff;
  }

  /** Again while locked: adds the erasing, and takes nothing back. @throws LocalError `lock-not-kept`: then it is locked until the next start */
  lock(wipe: boolean, by: string): Promise<Locked> {
    const { store, clock, sessions } = this.#parts;
    this.#asked++;
    const before = store.current;
    const lock = { since: before?.since ?? clock.now(), wipe: wipe || before?.wipe === true };
    store.set(lock);
    this.#unwritten.push(...sessions.dropAll(lock.wipe ? 'wiped' : 'branch-locked'));
    return this.#inTurn(() => this.#keep(lock, by));
  }

  /** What was marked to be erased stays marked. Resolves with when it had been locked; undefined: it was not. */
  unlock(by: string): Promise<Lock | undefined> {
    return this.#inTurn(async () => {
      const { audit, store } = this.#parts;
      const { current } = store;
      const asked = this.#asked;
      if (!current) return undefined;
      const out = await store.lockedOut();
      const gone = this.#unwritten.flatMap((one) => one.writes);
      await store.commit([store.del(), ...gone, ...out.map((one) => store.delLockedOut(one))]);
      if (this.#asked === asked) store.set(undefined);
      await audit.record({ code: 'branch-unlocked', actor: by, fields: { since: current.since } });
      return current;
    });
  }

  async #keep(lock: Lock, by: string): Promise<Locked> {
    const { audit, log } = this.#parts;
    const ended = this.#unwritten;
    this.#unwritten = [];
    try {
      const { writes, devices } = lock.wipe ? await this.#wiping(ended) : this.#lockingOut(ended);
      const gone = ended.flatMap((one) => one.writes);
      await this.#parts.store.commit([this.#parts.store.put(lock), ...gone, ...writes]);
      log.warn({ wipe: lock.wipe, sessions: ended.length }, 'branch locked');
      const counted = { wipe: lock.wipe, sessions: ended.length, devices };
      await audit.record({ code: 'branch-locked', actor: by, fields: counted });
      if (lock.wipe) this.#takeOff();
      return { ...lock, sessions: ended.length, devices };
    } catch (cause) {
      this.#unwritten.unshift(...ended);
      throw notKept(cause);
    }
  }

  #lockingOut(ended: readonly EndedSession[]): { writes: Write[]; devices: number } {
    const { store } = this.#parts;
    const time = this.#parts.clock.now();
    return { writes: ended.map((one) => store.putLockedOut(outOf(one, time))), devices: 0 };
  }

  /** Every token that lived, and every device that was ever seen: one that is signed out may hold something, too. */
  async #wiping(ended: readonly EndedSession[]): Promise<{ writes: Write[]; devices: number }> {
    const { clock, deviceStore, devices, store } = this.#parts;
    const time = clock.now();
    const earlier = await store.lockedOut();
    const tokens = [...ended.map((one) => outOf(one, time)), ...earlier];
    const due = new Map<string, DueDevice>();
    for (const one of [...(await deviceStore.everySeen()), ...tokens.map(({ mark }) => mark)]) {
      due.set(`${one.user}/${one.device}`, { user: one.user, device: one.device, time });
    }
    const writes = [
      ...tokens.map(({ hash, mark }) => devices.markWiped(hash, mark)),
      ...earlier.map((one) => store.delLockedOut(one)),
      ...[...due.values()].map((one) => store.putDue(one)),
    ];
    return { writes, devices: due.size };
  }

  /** One after the other, each durable; what is left is taken up again with the next start. */
  #takeOff(): void {
    const { log, store } = this.#parts;
    const all = async (): Promise<void> => {
      for (const due of store.due) if (!this.#isStopping) await this.#takeOffOne(due);
    };
    const failed = (error: unknown): void => log.warn({ why: messageOf(error) }, 'devices not yet taken off');
    this.#takingOff = this.#takingOff.then(all).catch(failed);
  }

  async #takeOffOne(due: DueDevice): Promise<void> {
    const { clock, deviceStore, identities, store } = this.#parts;
    const { user, device } = due;
    const { devices, removed } = identities.keysOf(user);
    if (devices.some((one) => one.device === device)) await identities.removeDevice(user, device, undefined);
    // What was never certified nobody takes off: its mark alone has it wiped.
    else if (!removed.includes(device) && clock.now() - due.time < WIPE_LIFETIME) return;
    await store.dropDue(due, deviceStore.drop(user, device));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

function outOf({ hash, session: { user, device } }: EndedSession, time: number) {
  return { hash, mark: { user, device: device.id, time } };
}

function notKept(cause: unknown): LocalError {
  return new LocalError('lock-not-kept', `the branch is locked, but that is not on disk: ${messageOf(cause)}`, {
    cause,
    hint: 'Nobody is let in until the next start. Make room on the disk, then run it again.',
  });
}
