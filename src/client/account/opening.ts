// How an account is opened on a device: the first time ever it is begun; then by the password, by the keys of a device that is known,
// or by the recovery key. Each step that writes can be repeated, so that a client that dies between two comes through the next time.
import { equals } from 'uint8arrays/equals';
import { toString } from 'uint8arrays/to-string';
import {
  DEVICE_LIFETIME,
  type DeviceCertificate,
  isOfIdentity,
  readDeviceCertificate,
} from '../../crypto/device-certificate.ts';
import { newDeviceKeys, newSigningKey, type SigningKey, signingKeyOfSeed } from '../../crypto/identity.ts';
import { readHead, type VaultHead } from '../../crypto/vault/head.ts';
import type { VaultEntry } from '../../crypto/vault/records.ts';
import { parseRecoveryKey } from '../../crypto/vault/recovery-key.ts';
import { deviceTarget, secretTarget, type VaultWrap } from '../../crypto/vault/wraps.ts';
import { emptyAnswer } from '../../protocols/lan/routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, PeerError, RefusedError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { failure } from '../failure.ts';
import type { Http } from '../http.ts';
import type { ClientStorage } from '../platform.ts';
import { inBatches } from '../vault/batches.ts';
import { stepsGivingUp } from '../vault/given-up.ts';
import { KeptVault, type VaultCache } from '../vault/kept-vault.ts';
import { SealedVault } from '../vault/sealed-vault.ts';
import { Vault } from '../vault/vault.ts';
import { fromText, HttpVaultServer, toText, type VaultState } from '../vault/vault-server.ts';
import { Account } from './account.ts';
import { certified } from './certified.ts';
import type { ChosenPasswords } from './chosen-password.ts';
import type { DeviceKeeping, KeptDevice } from './device-keeping.ts';
import { KeptPhotos } from './kept-photos.ts';
import { PeopleKeys } from './people-keys.ts';
import { byDevice, bySecret, type Unlocked } from './unlocking.ts';

export interface OpeningComponents {
  readonly http: Http;
  readonly storage: ClientStorage;
  readonly keeping: DeviceKeeping;
  readonly chosen: ChosenPasswords;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
  readonly realmOf: (user: UserId, anew: boolean) => Promise<RealmName | undefined>;
  /** Fingerprint of the root, when somebody has given it. */
  readonly root: string | undefined;
  readonly onIdentityChanged: (user: UserId) => void;
  readonly onIdentityUnproven: (user: UserId) => void;
}

export interface Owner {
  readonly user: UserId;
  readonly device: DeviceId;
  /** Where this device keeps a copy of the vault's ciphertext. */
  readonly cache: VaultCache;
}

const STAGE_BYTES = 12;
const IDENTITY = { kind: 'identity', key: 'seed' } as const;

/**
 * Opened, or why not: what a person can do then is give the recovery key, or begin anew after a reset; `password-not-chosen`: change the
 * password. `unproven`: the password of the login does not unlock the vault, and nobody has said that the person means it.
 */
export type Opened =
  | { readonly account: Account; readonly unproven: boolean }
  | { readonly locked: 'no-device' | 'other-password' | 'password-not-chosen' };

export class Opening {
  readonly #parts: OpeningComponents;

  constructor(components: OpeningComponents) {
    this.#parts = components;
  }

  /** @param exportKey of the login that has just been; without one only a known device opens */
  async open(owner: Owner, exportKey?: string): Promise<Opened> {
    const server = this.#serverOf(owner);
    const shown = await server.state();
    const kept = await this.#kept(owner);
    if (!shown) {
      if (kept && (await this.#known(owner.user, readDeviceCertificate(kept.certificate).identityKey))) {
        throw new PeerError('vault-gone', 'the server no longer shows the vault');
      }
      return this.#first(owner, exportKey);
    }
    const byPassword =
      exportKey === undefined ? undefined : await bySecret(owner.user, shown, 'password', fromText(exportKey));
    const unlocked = byPassword ?? (kept && byDevice(owner.user, kept));
    if (!unlocked) return { locked: exportKey === undefined ? 'no-device' : 'other-password' };
    const account = await this.#enter(owner, server, shown, unlocked, kept);
    return { account, unproven: await this.#settlePassword(account, exportKey, byPassword !== undefined) };
  }

  /**
   * While the server is away: by what this device keeps, which is checked as if the server showed it. Undefined where that opens
   * nothing. What the server has to be told waits for `settle`.
   */
  async openKept(owner: Owner): Promise<Extract<Opened, { account: Account }> | undefined> {
    const server = this.#serverOf(owner);
    const kept = await this.#kept(owner);
    try {
      const shown = await server.kept();
      if (!kept || !shown) return undefined;
      const certificate = readDeviceCertificate(kept.certificate);
      const { sealed, identity } = await this.#unlock(owner, server, shown, byDevice(owner.user, kept));
      const isMine = isOfIdentity(certificate, owner.user, identity.publicKey);
      if (!isMine || certificate.notAfter <= this.#parts.clock.now()) return undefined;
      const account = this.#account(owner, identity, { sealed, server }, { keys: kept.keys, certificate });
      return { account, unproven: await this.#parts.chosen.isInDoubt(owner.user) };
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      return undefined;
    }
  }

  /** The server is back: what opening makes up for when it is there. @throws PeerError when it shows another vault; UnreachableError */
  async settle(owner: Owner, account: Account): Promise<void> {
    await account.vault.refresh();
    const own = await this.#device(owner, account.identity, await this.#kept(owner));
    await this.#dropStale(account);
    await this.#wrapFor(owner, account, own.keys);
    await account.vault.flush();
  }

  /** @throws InputError `recovery-key-…` for a typo; RefusedError `vault-secret-wrong` for another key, `vault-none` */
  async recover(owner: Owner, typed: string, exportKey: string): Promise<Extract<Opened, { account: Account }>> {
    const secret = parseRecoveryKey(typed);
    const server = this.#serverOf(owner);
    const shown = await server.state();
    const unlocked = shown && (await bySecret(owner.user, shown, 'recovery', secret));
    if (!shown || !unlocked) throw new RefusedError('vault-secret-wrong', 'this recovery key does not open the vault');
    const account = await this.#enter(owner, server, shown, unlocked, await this.#kept(owner));
    return { account, unproven: await this.#settlePassword(account, exportKey, false) };
  }

  /**
   * The state that the server shows takes the place of the newer one that this device knows and nobody gave back. It is sealed anew, with
   * what this device holds of that state, and unlocked by this device, the recovery key and the password of this login when it is the owner's; by nothing
   * else that the older state says.
   * @throws as `recover`; RefusedError `vault-too-old`; ConflictError `vault-conflict`
   */
  async giveUp(owner: Owner, typed: string, exportKey: string): Promise<Extract<Opened, { account: Account }>> {
    const { random } = this.#parts;
    const { user } = owner;
    const secret = parseRecoveryKey(typed);
    const server = this.#serverOf(owner);
    const shown = await server.state();
    const unlocked = shown && (await bySecret(user, shown, 'recovery', secret));
    if (!shown || !unlocked) throw new RefusedError('vault-secret-wrong', 'this recovery key does not open the vault');
    const bytes = await this.#known(user, unlocked.identityKey);
    const kept = await this.#kept(owner);
    const { sealed, identity } = await this.#opened(user, server, shown, unlocked, undefined);
    const own = await this.#device(owner, identity, kept);
    const known = readHead(bytes ?? shown.head);
    const targets = [
      await secretTarget(user, 'recovery', secret, identity.publicKey, random),
      deviceTarget(owner.device, own.keys.hpke.publicKey),
    ];
    // The owner chose it once, and types it now; any other waits until the person says that it is theirs.
    const password = fromText(exportKey);
    const isOwn = (await bySecret(user, shown, 'password', password)) !== undefined;
    if (isOwn) targets.push(await secretTarget(user, 'password', password, identity.publicKey, random));
    const steps = await stepsGivingUp(server, known, shown, await server.lines());
    const stage = toString(random(STAGE_BYTES), 'hex');
    const held = kept ? await this.#held(user, this.#serverOf(owner), byDevice(user, kept)) : [];
    const { prepared, records } = await sealed.prepareInPlaceOf(known, stage, { targets, steps, kept: held });
    for (const [first, batch] of inBatches(records)) await server.stage(stage, first, batch);
    await server.change(prepared.change);
    sealed.adopt(prepared);
    await this.#remember(user, identity.publicKey, server, prepared.change.head);
    const account = this.#account(owner, identity, { sealed, server }, own);
    return { account, unproven: await this.#settlePassword(account, exportKey, isOwn) };
  }

  /** What this device holds whole of a state that it confirmed. */
  async #held(user: UserId, server: KeptVault, unlocked: Unlocked): Promise<readonly VaultEntry[]> {
    try {
      const shown = await server.kept();
      if (!shown) return [];
      const { sealed } = await this.#opened(user, server, shown, unlocked, undefined);
      return sealed.entries;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      return [];
    }
  }

  passwordChanged(user: UserId): Promise<void> {
    return this.#parts.chosen.unlocks(user);
  }

  /** The person has said so: the password of the login unlocks the vault from now on. */
  async acceptPassword(account: Account, exportKey: string): Promise<void> {
    const { chosen, random } = this.#parts;
    const { user, identity } = account;
    await account.vault.addWrap(await secretTarget(user, 'password', fromText(exportKey), identity.publicKey, random));
    await chosen.unlocks(user);
  }

  /**
   * Identity, vault and device come into being.
   * @throws ConflictError `identity-exists` unless there is none or it was given up by a reset; RefusedError `password-change-required`
   *   when the password was not chosen here
   */
  async begin(owner: Owner, exportKey: string): Promise<Account> {
    const { chosen, clock, http, keeping, random } = this.#parts;
    if (!(await chosen.isChosen(owner.user, exportKey))) throw failure(RefusedError, 'password-change-required');
    const identity = newSigningKey(random);
    const keys = await newDeviceKeys(random, keeping.extractable);
    const certificate = certified(clock.now(), identity, owner, keys, 1);
    const kept = { device: owner.device, keys, certificate: certificate.bytes };
    const server = this.#serverOf(owner);
    const sealed = this.#sealed(owner.user, server, byDevice(owner.user, kept), undefined);
    sealed.useIdentity(identity);
    const password = await secretTarget(owner.user, 'password', fromText(exportKey), identity.publicKey, random);
    const entry = { ...IDENTITY, value: identity.seed, time: this.#parts.clock.now() };
    const targets = [password, deviceTarget(owner.device, keys.hpke.publicKey)];
    const prepared = await sealed.begin(targets, [entry]);
    const { head, wraps = new Uint8Array(), records = [] } = prepared.change;
    // Before anybody hears of it: a device that is in the directory and has lost its keys is of no use.
    await keeping.save(owner.user, kept);
    const body = {
      head: toText(head),
      wraps: toText(wraps),
      records: records.map(toText),
      certificate: toText(certificate.bytes),
    };
    await http.post('/identity', body, emptyAnswer);
    sealed.adopt(prepared);
    await server.took(prepared.change);
    await this.#remember(owner.user, identity.publicKey, server, head);
    await chosen.unlocks(owner.user);
    return this.#account(owner, identity, { sealed, server }, { ...kept, certificate });
  }

  /** Forgets the keys of this device. */
  async wipe(user: UserId): Promise<void> {
    const { keeping, storage } = this.#parts;
    await keeping.erase(user);
    for (const key of await storage.keys(`${user}/vault-head/`)) await storage.delete(key);
  }

  async #enter(
    owner: Owner,
    server: KeptVault,
    shown: VaultState,
    unlocked: Unlocked,
    kept: KeptDevice | undefined,
  ): Promise<Account> {
    let { opener } = unlocked;
    const byWhat = { identityKey: unlocked.identityKey, opener: (all: readonly VaultWrap[]) => opener(all) };
    const { sealed, identity } = await this.#unlock(owner, server, shown, byWhat);
    const own = await this.#device(owner, identity, kept);
    const account = this.#account(owner, identity, { sealed, server }, own);
    await this.#dropStale(account);
    await this.#wrapFor(owner, account, own.keys);
    // From here on the device unlocks by itself, whatever becomes of the password.
    opener = byDevice(owner.user, { ...own, device: owner.device, certificate: own.certificate.bytes }).opener;
    return account;
  }

  async #unlock({ user }: Owner, server: KeptVault, shown: VaultState, unlocked: Unlocked) {
    const known = await this.#known(user, unlocked.identityKey);
    const opened = await this.#opened(user, server, shown, unlocked, known && readHead(known));
    await this.#remember(user, unlocked.identityKey, server, shown.head);
    return opened;
  }

  async #opened(user: UserId, server: KeptVault, shown: VaultState, unlocked: Unlocked, known: VaultHead | undefined) {
    const { identityKey } = unlocked;
    const sealed = this.#sealed(user, server, unlocked, known);
    await sealed.take(shown);
    const seed = sealed.get(IDENTITY.kind, IDENTITY.key);
    const identity = seed && signingKeyOfSeed(seed);
    if (!identity || !equals(identity.publicKey, identityKey)) {
      throw new PeerError('vault-identity-wrong', 'the vault holds another identity than the one that signed it');
    }
    sealed.useIdentity(identity);
    return { sealed, identity };
  }

  /** This device unlocks the vault. */
  async #wrapFor({ device }: Owner, { vault }: Account, keys: KeptDevice['keys']): Promise<void> {
    const target = deviceTarget(device, keys.hpke.publicKey);
    const wrap = vault.wraps.find(({ kind, id }) => kind === 'device' && id === target.id);
    if (!wrap || !equals(wrap.publicKey, target.publicKey)) await vault.addWrap(target);
  }

  /** Devices that are no longer in the directory, whoever took them off, unlock nothing that comes from now on. */
  async #dropStale(account: Account): Promise<void> {
    const { devices } = await account.keysOf(account.user);
    const standing = new Set<string>(devices.map(({ device }) => device));
    const stays = ({ kind, id }: VaultWrap): boolean => kind !== 'device' || standing.has(id);
    if (!account.vault.wraps.every(stays)) await account.vault.renew(stays);
  }

  /** This device with a certificate that holds for a while yet, known to the server. */
  async #device(owner: Owner, identity: SigningKey, kept: KeptDevice | undefined) {
    const { clock, http, keeping, random } = this.#parts;
    const before = kept && readDeviceCertificate(kept.certificate);
    const isMine = before && isOfIdentity(before, owner.user, identity.publicKey);
    const keys = kept && isMine ? kept.keys : await newDeviceKeys(random, keeping.extractable);
    const isFresh = isMine && before.notAfter - clock.now() > DEVICE_LIFETIME / 2;
    const certificate = isFresh
      ? before
      : certified(clock.now(), identity, owner, keys, (isMine ? before.sequence : 0) + 1);
    if (!isFresh) await keeping.save(owner.user, { device: owner.device, keys, certificate: certificate.bytes });
    // Also a fresh one: whoever was cut off before the server took it comes again; the same twice adds nothing.
    await http.post('/devices', { certificate: toText(certificate.bytes) }, emptyAnswer);
    return { keys, certificate };
  }

  #serverOf({ user, cache }: Owner): KeptVault {
    return new KeptVault(new HttpVaultServer(this.#parts.http), user, cache);
  }

  #sealed(
    user: UserId,
    server: KeptVault,
    { identityKey, opener }: Unlocked,
    known: ReturnType<typeof readHead> | undefined,
  ): SealedVault {
    const { clock, random } = this.#parts;
    return new SealedVault({ user, identityKey, server, clock, random, opener, known });
  }

  #account(
    { user, cache }: Pick<Owner, 'user' | 'cache'>,
    identity: SigningKey,
    { sealed, server }: { readonly sealed: SealedVault; readonly server: KeptVault },
    { keys, certificate }: { readonly keys: KeptDevice['keys']; readonly certificate: DeviceCertificate },
  ): Account {
    const { clock, http, random, realmOf, root, onIdentityChanged, onIdentityUnproven } = this.#parts;
    const memory = { save: (head: Uint8Array) => this.#remember(user, identity.publicKey, server, head) };
    const vault = new Vault({ sealed, server, memory, clock, random });
    const people = new PeopleKeys({
      me: user,
      identity: identity.publicKey,
      http,
      vault,
      clock,
      realmOf,
      root,
      onChanged: onIdentityChanged,
      onUnproven: onIdentityUnproven,
    });
    const photos = new KeptPhotos(cache);
    return new Account({ user, identity, keys, certificate, vault, people, http, random, photos });
  }

  /** There is no vault yet. A server could say so of any user, and any password may be one that it knows. */
  async #first(owner: Owner, exportKey: string | undefined): Promise<Opened> {
    if (exportKey === undefined) return { locked: 'no-device' };
    if (!(await this.#parts.chosen.isChosen(owner.user, exportKey))) return { locked: 'password-not-chosen' };
    return { account: await this.begin(owner, exportKey), unproven: false };
  }

  /** Whether the password stays in doubt: nothing is wrapped for one that the person did not choose here. */
  async #settlePassword(account: Account, exportKey: string | undefined, unlocks: boolean): Promise<boolean> {
    const { chosen } = this.#parts;
    const { user } = account;
    if (exportKey === undefined) return chosen.isInDoubt(user);
    if (unlocks) await chosen.unlocks(user);
    else if (await chosen.isChosen(user, exportKey)) await this.acceptPassword(account, exportKey);
    else await chosen.doubt(user);
    return chosen.isInDoubt(user);
  }

  /** Keys of another device id are of no use: the storage was copied, or the device came back as a new one. */
  async #kept({ user, device }: Owner): Promise<KeptDevice | undefined> {
    const kept = await this.#parts.keeping.load(user);
    return kept?.device === device ? kept : undefined;
  }

  async #known(user: UserId, identityKey: Uint8Array): Promise<Uint8Array | undefined> {
    const text = await this.#parts.storage.get(headKey(user, identityKey));
    return text === undefined ? undefined : fromText(text);
  }

  /** The copy first: one that is older than the head that is known opens nothing. */
  async #remember(user: UserId, identityKey: Uint8Array, server: KeptVault, head: Uint8Array): Promise<void> {
    await server.confirm(head);
    await this.#parts.storage.set(headKey(user, identityKey), toText(head));
  }
}

function headKey(user: UserId, identityKey: Uint8Array): string {
  return `${user}/vault-head/${toText(identityKey)}`;
}
