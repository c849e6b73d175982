// The relays of the realms above that this one has learnt of since it joined (relay/ancestors.json), so that it finds a way also
// when it starts while those are gone that its token named. Hints, as all addresses: whoever answers must show the
// realm's certificate.
import { rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import * as v from 'valibot';
import type { Near } from '../src/overlay/links/dialable.ts';
import type { Ancestor } from '../src/overlay/links/links.ts';
import { MAX_ADDRESSES, MAX_RELAYS, type RelayAddresses } from '../src/overlay/location/record.ts';
import { isPrivateAddress } from '../src/overlay/stun/ip-address.ts';
import { messageOf } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import { isRealmName, type RealmName } from '../src/realm/names.ts';
import { readOptional } from '../src/settings/data-directory.ts';
import { writePrivateFile } from '../src/settings/private-file.ts';

const MAX_TEXT = 300;
const realmName = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const relay = v.pipe(v.string(), v.maxLength(MAX_TEXT), v.regex(/^\/ip[46]\/[^/]+\/tcp\/\d+\/p2p\/\w+$/));
const MAX_KNOWN = MAX_RELAYS * MAX_ADDRESSES;
const relays = v.pipe(v.array(relay), v.maxLength(MAX_KNOWN));
const schema = v.array(v.object({ realm: realmName, relays }));

export class KnownRelays {
  readonly #path: string;
  readonly #log: Log;
  readonly #known: Map<RealmName, readonly string[]>;
  /** Writes follow each other. */
  #writing: Promise<void> = Promise.resolve();

  readonly #near: Near;

  private constructor(path: string, log: Log, near: Near, known: readonly Ancestor[]) {
    this.#path = path;
    this.#log = log;
    this.#near = near;
    this.#known = new Map(known.map((one) => [one.realm, one.relays]));
  }

  /** A file that can't be understood is thrown away: it comes anew. */
  static async open(path: string, log: Log, near: Near): Promise<KnownRelays> {
    const text = await readOptional(path);
    const read = text === undefined ? undefined : v.safeParse(schema, parseJson(text));
    if (read && !read.success) await rm(path, { force: true });
    return new KnownRelays(path, log, near, read?.success ? read.output : []);
  }

  /** With what the settings say, which comes first. */
  beside(settings: readonly Ancestor[]): Ancestor[] {
    return settings.map(({ realm, relays }) => {
      return {
        realm,
        relays: [...new Set([...relays, ...(this.#known.get(realm) ?? []).filter((one) => this.#mayKeep(one))])],
      };
    });
  }

  /** Replaces what was known of the realm; nothing is written when that says nothing new. */
  learn(realm: RealmName, told: readonly RelayAddresses[]): void {
    // The first address of each comes before the second of any: who names many crowds nobody out.
    const ranked = told.flatMap(({ peerId, addrs }) =>
      addrs.map((address, rank) => ({ rank, address: `${address}/p2p/${peerId}` })),
    );
    const all = ranked.toSorted((a, b) => a.rank - b.rank).map(({ address }) => address);
    const kept = [...new Set(all)].filter((one) => v.is(relay, one) && this.#mayKeep(one)).slice(0, MAX_KNOWN);
    const known = kept.toSorted();
    const before = this.#known.get(realm) ?? [];
    if (known.length === 0 || (known.length === before.length && known.every((one, index) => one === before[index])))
      return;
    this.#known.set(realm, known);
    this.#writing = this.#writing
      .then(() => writePrivateFile(this.#path, JSON.stringify(this.#list(), null, 2)))
      .catch((error) => this.#log.warn({ error: messageOf(error) }, 'known relays not written'));
  }

  /** What stands in ancestors.json counts as told by the operator: nothing that another realm could aim at our network with. */
  #mayKeep(address: string): boolean {
    const [, , host = ''] = address.split('/');
    return isIP(host) !== 0 && (!isPrivateAddress(host) || this.#near(host));
  }

  /** Resolves when what was learnt is on disk. */
  written(): Promise<void> {
    return this.#writing;
  }

  #list(): Ancestor[] {
    return [...this.#known].map(([realm, relays]) => ({ realm, relays }));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
