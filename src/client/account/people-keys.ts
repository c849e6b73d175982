// Whose keys are whose, as this client decides it. The first identity of a person that the person's home realm vouches for is remembered
// in the vault (a pin), and what a server says later is held against it. A change is told, and nothing is sealed for the new one before
// the user has agreed.
//
//   vault: kind 'pin', key user id, value the identity's public key (32 bytes), then [sequence, realm] of the home's word for it
//          kind 'root', key 'fingerprint', value its text: what the chain of the own home ended in when this user first looked
import { equals } from 'uint8arrays/equals';
import {
  type DeviceCertificate,
  isOfIdentity,
  readDeviceCertificate,
  verifyDeviceCertificate,
} from '../../crypto/device-certificate.ts';
import type { IdentityProof } from '../../crypto/evidence.ts';
import { KEY_BYTES } from '../../crypto/identity.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type KeysAnswer, keysAnswer } from '../../protocols/lan/account-routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, codeOf, PeerError, RefusedError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Http } from '../http.ts';
import type { Vault, VaultNews } from '../vault/vault.ts';
import { fromText } from '../vault/vault-server.ts';
import { type ProvenIdentity, proveIdentity, unproven } from './identity-proof.ts';

const PIN = 'pin';
/** Bytes of what stands behind the key. */
const MAX_WORD = 300;
const ROOT = 'root';
const ROOT_KEY = 'fingerprint';

export interface PersonKeys {
  readonly user: UserId;
  /** As pinned; undefined for somebody who has not logged in yet. */
  readonly identity: Uint8Array | undefined;
  /** Of that identity, valid now. */
  readonly devices: readonly DeviceCertificate[];
  readonly removed: readonly DeviceId[];
  /** The server names another identity than the pinned one, which still counts here. */
  readonly changedTo: Uint8Array | undefined;
}

/** What is thought of a certificate by the pins alone. `unknown`: nothing is pinned for that user yet. */
export type DeviceVerdict = 'ok' | 'unknown' | 'identity-changed' | 'expired' | 'forged';

export interface PeopleKeysComponents {
  readonly me: UserId;
  readonly identity: Uint8Array;
  readonly http: Pick<Http, 'get'>;
  readonly vault: Pick<Vault, 'get' | 'put' | 'putAll'>;
  readonly clock: Pick<Clock, 'now'>;
  /** By the address that this client shows of a person; undefined for somebody whom nobody knows. */
  readonly realmOf: (user: UserId, anew: boolean) => Promise<RealmName | undefined>;
  /** The root that somebody has given by hand: a server that shows another one is refused. */
  readonly root?: string | undefined;
  readonly onChanged: (user: UserId) => void;
  /** The server names another identity, and no realm vouches for it: what was known stays. */
  readonly onUnproven: (user: UserId) => void;
}

/** Whether a kind of vault entry is that of identities that count. */
export function isPin(kind: string): boolean {
  return kind === PIN;
}

export class PeopleKeys {
  readonly #parts: PeopleKeysComponents;
  readonly #told = new Map<UserId, Uint8Array>();

  constructor(components: PeopleKeysComponents) {
    this.#parts = components;
  }

  /** The identity that counts for a user here. */
  pinned(user: UserId): Uint8Array | undefined {
    return user === this.#parts.me ? this.#parts.identity : this.#parts.vault.get(PIN, user)?.subarray(0, KEY_BYTES);
  }

  /**
   * Asks the server, pins who is new, and tells when somebody's identity is another than it was.
   * @throws PeerError `user-contradicts`; `identity-unproven` for somebody new for whom no realm vouches
   */
  async keysOf(user: UserId, signal?: AbortSignal): Promise<PersonKeys> {
    const answer = await this.#ask(user, signal);
    const shown = answer.identity === undefined ? undefined : fromText(answer.identity);
    const before = this.pinned(user);
    if (shown && !before) await this.#parts.vault.putAll([pinOf(user, await this.#proven(answer))], 'keep');
    // Another device of the user may have been first, and been shown another one.
    const identity = this.pinned(user);
    const isOther = shown !== undefined && identity !== undefined && !equals(shown, identity);
    const changedTo = isOther && (await this.#isNews(answer)) ? shown : undefined;
    if (changedTo) this.#tell(user, changedTo);
    else if (isOther) this.#parts.onUnproven(user);
    return { user, identity, devices: this.#valid(answer, identity), removed: answer.removed, changedTo };
  }

  /** By what is pinned, without asking anybody. */
  check(certificate: Uint8Array, at: number = this.#parts.clock.now()): DeviceVerdict {
    const read = this.#read(certificate);
    if (!read) return 'forged';
    const pinned = this.pinned(read.user);
    if (!pinned) return 'unknown';
    if (!isOfIdentity(read, read.user, pinned)) return 'identity-changed';
    return this.#isValid(certificate, at) ? 'ok' : 'expired';
  }

  /**
   * The user has agreed that this is the person's identity now.
   * @throws PeerError `identity-unproven`; RefusedError `identity-other` when it is not the one that the home vouches for
   */
  async accept(user: UserId, identity: Uint8Array): Promise<void> {
    const proven = await this.#proven(await this.#ask(user));
    if (!equals(proven.key, identity)) throw new RefusedError('identity-other', 'the identity has changed once more');
    this.#told.delete(user);
    await this.#parts.vault.putAll([pinOf(user, proven)]);
  }

  /** What the user's home says of their identity now, for whoever checks it without a server. @throws PeerError `identity-unproven` */
  async proofOf(user: UserId): Promise<IdentityProof & Readonly<{ user: UserId; key: Uint8Array }>> {
    const answer = await this.#ask(user);
    const { key, realm } = await this.#proven(answer);
    const [statement, chain] = [fromText(answer.statement ?? ''), (answer.authority ?? []).map(fromText)];
    return { user, key, realm, statement, chain: encodeItem(chain) };
  }

  async #ask(user: UserId, signal?: AbortSignal): Promise<KeysAnswer> {
    const answer = await this.#parts.http.get(`/users/${user}/keys`, keysAnswer, signal);
    if (answer.user !== user) throw new PeerError('user-contradicts', 'the server answered for another user');
    return answer;
  }

  /** Whether the home vouches for it, and has not done so before what is pinned. */
  async #isNews(answer: KeysAnswer): Promise<boolean> {
    if (answer.user === this.#parts.me) return false;
    try {
      const { sequence } = await this.#proven(answer);
      return sequence > this.#sequenceOf(answer.user);
    } catch (error) {
      if (codeOf(error) !== 'identity-unproven') throw error;
      return false;
    }
  }

  /** @throws PeerError `identity-unproven` */
  async #proven(answer: KeysAnswer): Promise<ProvenIdentity> {
    const { user } = answer;
    const proven = await proveIdentity(answer);
    if (proven.root !== (await this.#root())) throw unproven(`another root stands behind ${user}`);
    const { realmOf } = this.#parts;
    const known = await realmOf(user, false);
    // Who was met before moving has another address by now, and is shown with it from then on.
    const realm = known === proven.realm ? known : await realmOf(user, true);
    if (realm !== proven.realm) throw unproven(`${proven.realm} speaks of ${user}, who is shown as of ${realm}`);
    return proven;
  }

  /** What the own home's chain ends in, for all devices of the user the first that was seen. @throws PeerError `identity-unproven` */
  async #root(): Promise<string> {
    const { identity, me, root, vault } = this.#parts;
    const held = vault.get(ROOT, ROOT_KEY);
    if (held) return new TextDecoder().decode(held);
    const own = await proveIdentity(await this.#ask(me));
    if (!equals(own.key, identity)) throw unproven('the own realm names another identity for this user');
    if (root !== undefined && own.root !== root) throw unproven(`the own realm stands below another root, ${own.root}`);
    await vault.putAll([{ kind: ROOT, key: ROOT_KEY, value: new TextEncoder().encode(own.root) }], 'keep');
    return new TextDecoder().decode(vault.get(ROOT, ROOT_KEY));
  }

  #sequenceOf(user: UserId): number {
    const word = this.#parts.vault.get(PIN, user)?.subarray(KEY_BYTES);
    return word?.length ? new Fields(decodeStrict(word, MAX_WORD), 'word of a home', 2).uint() : 0;
  }

  #valid({ user, devices, removed }: KeysAnswer, identity: Uint8Array | undefined): DeviceCertificate[] {
    if (!identity) return [];
    return devices.flatMap((text) => {
      const bytes = fromText(text);
      const read = this.#read(bytes);
      const counts = read && isOfIdentity(read, user, identity) && !removed.includes(read.device);
      return counts && this.#isValid(bytes, this.#parts.clock.now()) ? [read] : [];
    });
  }

  #read(certificate: Uint8Array): DeviceCertificate | undefined {
    try {
      return readDeviceCertificate(certificate);
    } catch (error) {
      if (error instanceof CanopyError) return undefined;
      throw error;
    }
  }

  #isValid(certificate: Uint8Array, at: number): boolean {
    try {
      verifyDeviceCertificate(certificate, at);
      return true;
    } catch (error) {
      if (error instanceof CanopyError) return false;
      throw error;
    }
  }

  /** Once for each new identity. */
  #tell(user: UserId, identity: Uint8Array): void {
    const told = this.#told.get(user);
    if (told && equals(told, identity)) return;
    this.#told.set(user, identity);
    this.#parts.onChanged(user);
  }
}

function pinOf(user: UserId, { key, sequence, realm }: ProvenIdentity): VaultNews {
  return { kind: PIN, key: user, value: Uint8Array.of(...key, ...encodeItem([sequence, realm])) };
}
