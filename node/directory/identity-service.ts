// Identities and devices of the realm's own users: what their clients make known comes into the directory chain, when it fits what is
// there already. The node can't make a certificate; what it checks here clients check again.
import { equals } from 'uint8arrays/equals';
import {
  type DeviceCertificate,
  isOfIdentity,
  readDeviceCertificateNatively,
  verifyDeviceCertificate,
} from '../../src/crypto/device-certificate.ts';
import { verifyDeviceRemoval } from '../../src/crypto/device-removal.ts';
import { identityStatement } from '../../src/crypto/identity-statement.ts';
import { MAX_DEVICES } from '../../src/protocols/lan/account-routes.ts';
import type { OwnChain } from '../../src/protocols/ledger/own-chain.ts';
import {
  DEVICE_ADDED,
  DEVICE_REMOVED,
  encodeDeviceAdded,
  encodeDeviceRemoved,
  encodeUserIdentity,
  USER_IDENTITY,
} from '../../src/protocols/ledger/people-kinds.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Audit } from '../audit/audit.ts';
import { Turns } from '../conversations/turns.ts';
import type { VaultService } from '../vault/vault-service.ts';
import type { AccountStore } from './account-store.ts';
import { isStatedBy } from './identity-judge.ts';
import type { KeyBook, UserKeys } from './key-book.ts';
import type { Session } from './sessions.ts';

export interface IdentityComponents {
  readonly chain: Pick<OwnChain, 'append'>;
  readonly book: KeyBook;
  readonly vaults: VaultService;
  readonly accounts: AccountStore;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
  readonly isSignedIn: (user: UserId, device: DeviceId) => boolean;
  /** By the realm's authority. */
  readonly signStatement: (statement: Uint8Array) => Promise<Uint8Array>;
}

export interface NewIdentity {
  readonly head: Uint8Array;
  readonly wraps: Uint8Array;
  readonly records: readonly Uint8Array[];
  readonly certificate: Uint8Array;
}

export class IdentityService {
  readonly #realm: RealmName;
  readonly #parts: IdentityComponents;
  readonly #turns = new Turns();

  constructor(realm: RealmName, components: IdentityComponents) {
    this.#realm = realm;
    this.#parts = components;
  }

  keysOf(user: UserId): UserKeys {
    return this.#parts.book.keysOf(this.#realm, user);
  }

  identityOf(user: UserId): Uint8Array | undefined {
    return this.keysOf(user).identity?.key;
  }

  /**
   * The first identity of a user, or a new one after a reset by an administrator; the vault begins with it, in one commit.
   * @throws ConflictError `identity-exists`; PeerError and InputError for what does not fit
   */
  begin(session: Session, { certificate: bytes, ...vault }: NewIdentity): Promise<void> {
    return this.#turns.run(session.user, async () => {
      const certificate = await this.#certificateOf(session, bytes);
      const { identityKey } = certificate;
      const before = this.keysOf(session.user).identity;
      const account = this.#parts.accounts.get(session.user);
      if (before && !account?.mayRenewIdentity && !this.#isRepeated(before.key, identityKey)) {
        throw new ConflictError('identity-exists', 'this user has an identity; only a reset makes way for another');
      }
      if (!before || !equals(before.key, identityKey)) await this.#introduce(session, vault, certificate);
      await this.#add(certificate);
    });
  }

  /** The certificate of the session's device; the same again adds nothing. @throws RefusedError `device-removed`, `too-many-devices`; InputError */
  addDevice(session: Session, bytes: Uint8Array): Promise<void> {
    return this.#turns.run(session.user, async () => {
      const certificate = await this.#certificateOf(session, bytes);
      const identity = this.identityOf(session.user);
      if (!identity || !isOfIdentity(certificate, session.user, identity)) {
        throw new RefusedError('device-foreign', "this certificate is not by the user's identity");
      }
      await this.#add(certificate);
    });
  }

  /**
   * Whoever knows the identity signs; an administrator's word needs no signature.
   * @throws PeerError `device-removal-forged`; InputError `unknown-device`
   */
  removeDevice(user: UserId, device: DeviceId, removal: Uint8Array | undefined): Promise<void> {
    return this.#turns.run(user, async () => {
      const { identity, devices, removed } = this.keysOf(user);
      const certificate = devices.find((one) => one.device === device);
      if (removed.includes(device) || !certificate || !identity) return;
      if (removal) this.#assertRemoval(removal, identity.key, certificate);
      const { sequence } = certificate;
      const payload = encodeDeviceRemoved({
        user,
        device,
        sequence,
        by: removal ? 'user' : 'administrator',
        removal: removal ?? new Uint8Array(),
      });
      await this.#parts.chain.append({ kind: DEVICE_REMOVED, payload });
    });
  }

  /**
   * Whether whoever knows the identity has signed that this device goes; what is not certified counts for nobody anyhow.
   * @throws RefusedError `device-removal-unsigned`; PeerError `device-removal-forged`; InputError `device-foreign`
   */
  assertMayRemove(user: UserId, device: DeviceId, removal: Uint8Array | undefined): void {
    const { identity, devices, removed } = this.keysOf(user);
    const certificate = devices.find((one) => one.device === device);
    if (removed.includes(device) || !certificate || !identity) return;
    if (!removal) throw new RefusedError('device-removal-unsigned', 'a certified device is removed by its identity');
    this.#assertRemoval(removal, identity.key, certificate);
  }

  /**
   * Says again what another authority of this realm has said, so that whoever comes later needs no certificate of one that was replaced.
   * Resolves with how many that were.
   */
  async restate(spki: Uint8Array): Promise<number> {
    const { book, chain, clock, signStatement } = this.#parts;
    let count = 0;
    for (const user of book.users(this.#realm)) {
      await this.#turns.run(user, async () => {
        const { identity } = this.keysOf(user);
        if (!identity || isStatedBy(this.#realm, identity, spki)) return;
        const statement = { user, key: identity.key, sequence: identity.sequence + 1, time: clock.now() };
        const signature = await signStatement(identityStatement(this.#realm, statement));
        await chain.append({ kind: USER_IDENTITY, payload: encodeUserIdentity({ ...statement, signature }) });
        count++;
      });
    }
    return count;
  }

  /** The vault was opened with what the user still knew: there is no need for another identity. */
  async settle(user: UserId): Promise<void> {
    const { accounts } = this.#parts;
    const account = accounts.get(user);
    if (!account?.mayRenewIdentity) return;
    await accounts.save({ ...account, mayRenewIdentity: false });
  }

  async #introduce(session: Session, vault: Omit<NewIdentity, 'certificate'>, certificate: DeviceCertificate) {
    const { accounts, audit, chain, clock, signStatement, vaults } = this.#parts;
    const { user } = session;
    const key = certificate.identityKey;
    const sequence = (this.keysOf(user).identity?.sequence ?? 0) + 1;
    const statement = { user, key, sequence, time: clock.now() };
    const signature = await signStatement(identityStatement(this.#realm, statement));
    const payload = encodeUserIdentity({ ...statement, signature });
    const account = accounts.get(user);
    const settled = account && { ...account, mayRenewIdentity: false };
    await vaults.begin(user, vault, key, (writes: readonly Write[]) =>
      chain.append({
        kind: USER_IDENTITY,
        payload,
        writes: [...writes, ...(settled ? [accounts.put(settled)] : [])],
      }),
    );
    if (settled) accounts.remember(settled);
    await audit.record({
      code: sequence === 1 ? 'identity-begun' : 'identity-replaced',
      actor: user,
      fields: { user, device: session.device.id, sequence },
    });
  }

  async #add(certificate: DeviceCertificate): Promise<void> {
    const { audit, chain } = this.#parts;
    const { user, device, sequence } = certificate;
    const { devices, removed } = this.keysOf(user);
    if (removed.includes(device))
      throw new RefusedError('device-removed', 'this device was removed; it comes back as a new one');
    const before = devices.find((one) => one.device === device);
    if (before && equals(before.bytes, certificate.bytes)) return;
    if (before && before.sequence >= sequence) {
      throw new ConflictError('device-sequence', `the device has a certificate with the sequence ${before.sequence}`);
    }
    if (!before && devices.length >= MAX_DEVICES) await this.#makeRoom(user, devices);
    await chain.append({ kind: DEVICE_ADDED, payload: encodeDeviceAdded(certificate.bytes) });
    await audit.record({ code: 'device-added', actor: user, fields: { user, device, sequence } });
  }

  /** The device that was certified longest ago and is signed in nowhere gives way. @throws RefusedError `too-many-devices` */
  async #makeRoom(user: UserId, devices: readonly DeviceCertificate[]): Promise<void> {
    const { audit, chain, isSignedIn } = this.#parts;
    const [oldest] = devices
      .filter(({ device }) => !isSignedIn(user, device))
      .sort((a, b) => a.notBefore - b.notBefore);
    if (!oldest) throw new RefusedError('too-many-devices', `a user has at most ${MAX_DEVICES} devices`);
    const { device, sequence } = oldest;
    const removed = { user, device, sequence, by: 'administrator', removal: new Uint8Array() } as const;
    await chain.append({ kind: DEVICE_REMOVED, payload: encodeDeviceRemoved(removed) });
    await audit.record({ code: 'device-removed', actor: user, fields: { user, device, why: 'too-many-devices' } });
  }

  /** A client that was cut off before it heard the answer comes again with the same. */
  #isRepeated(before: Uint8Array, now: Uint8Array): boolean {
    return equals(before, now);
  }

  async #certificateOf(session: Session, bytes: Uint8Array): Promise<DeviceCertificate> {
    const genuine = await readDeviceCertificateNatively(bytes);
    const certificate = verifyDeviceCertificate(genuine.bytes, this.#parts.clock.now());
    if (certificate.user !== session.user || certificate.device !== session.device.id) {
      throw new InputError('device-foreign', 'a session registers the device that it is of');
    }
    return certificate;
  }

  #assertRemoval(bytes: Uint8Array, identity: Uint8Array, { user, device, sequence }: DeviceCertificate): void {
    const removal = verifyDeviceRemoval(bytes, identity);
    if (removal.user !== user || removal.device !== device || removal.sequence < sequence) {
      throw new InputError('device-foreign', 'this removal is of another device, or of an older certificate');
    }
  }
}
