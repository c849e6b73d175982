// The charter of a relay, as its own node told it: revocation lists and signed agreements, each checked here again up to the
// relay's own root. They lie in one file, so that a relay that starts while its node is away refuses what it refused before.
//
//   relay/charter   [1, [list, …], [agreement, …]]   CBOR, mode 0600
import type { Charter, RevocationProofs, TrustInForce } from '../src/overlay/charter.ts';
import type { CharterFrame } from '../src/overlay/charter-feed/index.ts';
import { type Chain, PathMemory } from '../src/pki/chain.ts';
import type { KeyName } from '../src/pki/keys.ts';
import { Revocations } from '../src/pki/revocations.ts';
import { openSigned } from '../src/protocols/trust/agreement.ts';
import type { Agreement } from '../src/protocols/trust/index.ts';
import { Partners } from '../src/protocols/trust/partners.ts';
import { tryReadCbor, writeCbor } from '../src/realm/cbor.ts';
import type { Clock } from '../src/realm/clock.ts';
import { codeOf, LocalError, messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';

/** Where the bytes lie; `write` resolves when they are on disk. */
export interface CharterFile {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

export interface RelayCharterComponents {
  readonly file: CharterFile;
  readonly realm: RealmName;
  readonly clock: Pick<Clock, 'now'>;
  readonly rootFingerprint: string;
  readonly log: Log;
}

const VERSION = 1;

export class RelayCharter implements Charter, RevocationProofs {
  readonly #parts: RelayCharterComponents;
  readonly #revocations: Revocations;
  readonly #listeners = new Set<() => void>();
  #agreements: readonly Uint8Array[] = [];
  #last: Promise<void> = Promise.resolve();
  readonly #memory = new PathMemory();
  readonly #partners: Partners;

  constructor(components: RelayCharterComponents) {
    this.#parts = components;
    this.#revocations = new Revocations(components.rootFingerprint);
    this.#partners = new Partners(components.realm, () => components.clock.now());
  }

  /** Reads the file. @throws LocalError `charter-damaged` */
  async load(): Promise<void> {
    const bytes = await this.#parts.file.read();
    if (!bytes) return;
    const { crls, agreements } = decodeFile(bytes);
    this.#addLists(crls);
    await this.#replaceAgreements(agreements);
  }

  /** Of the own node. Resolves when what holds is on disk; one frame after the other. */
  take(frame: CharterFrame): Promise<void> {
    const taken = this.#last.then(() => this.#take(frame));
    this.#last = taken.catch(() => {});
    return taken;
  }

  async #take({ kind, items }: CharterFrame): Promise<void> {
    if (kind === 'crls') this.#addLists(items);
    else await this.#replaceAgreements(kind === 'trusts' ? items : [...this.#agreements, ...items]);
    await this.#parts.file.write(writeCbor([VERSION, this.#revocations.newest(), [...this.#agreements]]));
    for (const listener of this.#listeners) listener();
  }

  isRevoked(serial: string, issuer: KeyName): boolean {
    return this.#revocations.isRevoked(serial, issuer);
  }

  revokedAt(serial: string, issuer: KeyName): number | undefined {
    return this.#revocations.revokedAt(serial, issuer);
  }

  proofOf(serial: string, issuer: KeyName): Uint8Array | undefined {
    return this.#revocations.proofOf(serial, issuer);
  }

  /** The chain of a realm's authority, as far as lists have told: the own one, after it has moved to another key. */
  newestChainOf(realm: RealmName): Chain | undefined {
    return this.#revocations.newestChainOf(realm);
  }

  /** As if the node had told it; the node learns it the same way, when this relay refuses it. */
  learn(list: Uint8Array): Promise<void> {
    return this.take({ kind: 'crls', items: [list] });
  }

  trustWith(realm: RealmName): TrustInForce | undefined {
    return this.#partners.trustWith(realm);
  }

  arePartners(a: RealmName, b: RealmName): boolean {
    return this.#partners.arePartners(a, b);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #addLists(lists: readonly Uint8Array[]): void {
    for (const list of lists) {
      try {
        this.#revocations.take(list);
      } catch (error) {
        this.#parts.log.error({ code: codeOf(error), error: messageOf(error) }, 'revocation list not taken');
      }
    }
  }

  async #replaceAgreements(agreements: readonly Uint8Array[]): Promise<void> {
    const { rootFingerprint } = this.#parts;
    const isRevoked: Charter['isRevoked'] = (serial, issuer) => this.isRevoked(serial, issuer);
    const opened: Agreement[] = [];
    for (const agreement of agreements) {
      try {
        opened.push(await openSigned(agreement, { rootFingerprint, isRevoked, memory: this.#memory }));
      } catch (error) {
        this.#parts.log.error({ code: codeOf(error), error: messageOf(error) }, 'agreement not taken');
      }
    }
    this.#agreements = agreements;
    this.#partners.set(opened);
  }
}

function decodeFile(bytes: Uint8Array): { readonly crls: Uint8Array[]; readonly agreements: Uint8Array[] } {
  const fields = tryReadCbor(bytes);
  if (!Array.isArray(fields) || fields.length !== 3 || fields[0] !== VERSION) throw damaged();
  return { crls: bytesList(fields[1]), agreements: bytesList(fields[2]) };
}

function bytesList(value: unknown): Uint8Array[] {
  if (!Array.isArray(value)) throw damaged();
  const list = value.filter((item) => item instanceof Uint8Array);
  if (list.length !== value.length) throw damaged();
  return list;
}

function damaged(): LocalError {
  return new LocalError('charter-damaged', 'the file relay/charter cannot be read: who was revoked is not known', {
    hint: 'Start the node of this realm, remove the file and start the relay: the node tells it anew.',
  });
}
