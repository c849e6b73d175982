// The charter of a relay, as its own node told it: revocation lists and signed agreements, each checked here again up to the
// relay's own root. They lie in one file, so that a relay that starts while its node is away refuses what it refused before.
//
//   relay/charter   [1, [list, …], [agreement, …]]   CBOR, mode 0600
import type { Charter, TrustInForce } from '../src/overlay/charter.ts';
import type { CharterFrame } from '../src/overlay/charter-feed/index.ts';
import { Revocations } from '../src/pki/revocations.ts';
import { readCbor, writeCbor } from '../src/realm/cbor.ts';
import { codeOf, LocalError, messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';

/** Where the bytes lie; `write` resolves when they are on disk. */
export interface CharterFile {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

/** Checks a signed agreement and says what it means here now; undefined when it is not in force. @throws RefusedError */
export type ReadAgreement = (agreement: Uint8Array, charter: Charter) => Promise<TrustInForce | undefined>;

export interface RelayCharterComponents {
  readonly file: CharterFile;
  readonly rootFingerprint: string;
  readonly log: Log;
  /** Absent: no agreement counts. */
  readonly readAgreement?: ReadAgreement;
}

const VERSION = 1;

export class RelayCharter implements Charter {
  readonly #parts: RelayCharterComponents;
  readonly #revocations: Revocations;
  readonly #listeners = new Set<() => void>();
  #agreements: readonly Uint8Array[] = [];
  #trusts: ReadonlyMap<RealmName, TrustInForce> = new Map();

  constructor(components: RelayCharterComponents) {
    this.#parts = components;
    this.#revocations = new Revocations(components.rootFingerprint);
  }

  /** Reads the file. @throws LocalError `charter-damaged` */
  async load(): Promise<void> {
    const bytes = await this.#parts.file.read();
    if (!bytes) return;
    const { crls, agreements } = decodeFile(bytes);
    this.#addLists(crls);
    await this.#replaceAgreements(agreements);
  }

  /** Of the own node. Resolves when what holds is on disk. */
  async take({ kind, items }: CharterFrame): Promise<void> {
    if (kind === 'crls') this.#addLists(items);
    else await this.#replaceAgreements(items);
    await this.#parts.file.write(writeCbor([VERSION, this.#revocations.newest(), [...this.#agreements]]));
    for (const listener of this.#listeners) listener();
  }

  isRevoked(serial: string, issuer: RealmName): boolean {
    return this.#revocations.isRevoked(serial, issuer);
  }

  revokedAt(serial: string, issuer: RealmName): number | undefined {
    return this.#revocations.revokedAt(serial, issuer);
  }

  trustWith(realm: RealmName): TrustInForce | undefined {
    return this.#trusts.get(realm);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  counters(): Record<string, number> {
    return { revoked: this.#revocations.size, agreements: this.#agreements.length };
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
    const trusts = new Map<RealmName, TrustInForce>();
    for (const agreement of agreements) {
      try {
        const trust = await this.#parts.readAgreement?.(agreement, this);
        if (trust) trusts.set(trust.realm, trust);
      } catch (error) {
        this.#parts.log.error({ code: codeOf(error), error: messageOf(error) }, 'agreement not taken');
      }
    }
    this.#agreements = agreements;
    this.#trusts = trusts;
  }
}

function decodeFile(bytes: Uint8Array): { readonly crls: Uint8Array[]; readonly agreements: Uint8Array[] } {
  const fields = readOrNothing(bytes);
  if (!Array.isArray(fields) || fields.length !== 3 || fields[0] !== VERSION) throw damaged();
  return { crls: bytesList(fields[1]), agreements: bytesList(fields[2]) };
}

function bytesList(value: unknown): Uint8Array[] {
  if (!Array.isArray(value)) throw damaged();
  const list = value.filter((item) => item instanceof Uint8Array);
  if (list.length !== value.length) throw damaged();
  return list;
}

function readOrNothing(bytes: Uint8Array): unknown {
  try {
    return readCbor(bytes);
  } catch {
    return undefined;
  }
}

function damaged(): LocalError {
  return new LocalError('charter-damaged', 'the file relay/charter cannot be read: who was revoked is not known', {
    hint: 'Start the node of this realm, remove the file and start the relay: the node tells it anew.',
  });
}
