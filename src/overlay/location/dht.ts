// The private table of one enterprise, `/canopy/<enterprise>/kad/1`: Kademlia over the relays of the enterprise and its
// branches, asked for location records when the ancestors that usually answer are down. (For branches right below a region
// the region stands in the enterprise's place.)
//
// Only admitted relays speak it, as the scope table says. A value is stored and believed only under the key
// `/canopy/<realm>`, for a realm of this enterprise, as a record that realm's relay has signed (record.ts); of two the newer
// counts. Public keys, the library's one built-in kind of value, are refused: nothing here needs them, and anybody could
// fill a memory with them. We never store or look up providers.
import { type KadDHT, type KadDHTComponents, kadDHT } from '@libp2p/kad-dht';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { messageOf, RefusedError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { isWithin, parseRealmName, type RealmName } from '../../realm/names.ts';
import { houseTable } from '../scope.ts';
import type { RecordSource } from './locator.ts';
import { type ChainCheck, type CheckedRecord, isNewer, openRecord } from './record.ts';

const NAMESPACE = 'canopy';
/** A small company's table is a handful of relays; a large one's a few hundred. */
const BUCKET = 20;
const PUBLISH_TIMEOUT = 15_000;
const FIND_TIMEOUT = 4_000;

export interface DhtInit {
  /** Or the region, for itself and the branches right below it. */
  readonly enterprise: RealmName;
  /** False for a peer known to be of elsewhere: it gets no place in the table. */
  readonly mayHold: (peerId: string) => boolean;
  readonly checkChain: ChainCheck;
  readonly clock: Clock;
}

/** A service of the host: `services: { dht: enterpriseDht(...) }`; it needs identify and ping beside it. */
export function enterpriseDht(init: DhtInit): (components: KadDHTComponents) => KadDHT {
  const refuse = () => {
    throw new RefusedError('dht-kind', 'only location records are kept here');
  };
  return kadDHT({
    protocol: houseTable(init.enterprise),
    logPrefix: 'libp2p:canopy-dht',
    datastorePrefix: '/canopy-dht',
    metricsPrefix: 'canopy_dht',
    clientMode: false,
    kBucketSize: BUCKET,
    allowQueryWithZeroPeers: true,
    peerInfoMapper: (peer) => (init.mayHold(peer.id.toString()) ? peer : { ...peer, multiaddrs: [] }),
    validators: { pk: refuse, [NAMESPACE]: async (key, value) => void (await openAt(key, value, init)) },
    selectors: { pk: refuse, [NAMESPACE]: (_key, values) => selectNewest(values, init) },
  });
}

/** What links need of the table. */
export interface LocationDht {
  readonly find: RecordSource;
  readonly publish: (record: Uint8Array) => void;
}

/** @param realm ours, whose record is published */
export function locationDht(
  dht: () => KadDHT,
  realm: RealmName,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): LocationDht {
  return {
    find: (wanted, signal) =>
      within(clock, FIND_TIMEOUT, 'answer of the table', signal, (limit) => find(dht(), wanted, limit)),
    publish: (record) => {
      const signal = new AbortController().signal;
      const publishing = (limit: AbortSignal) => publish(dht(), realm, record, limit);
      within(clock, PUBLISH_TIMEOUT, 'place in the table', signal, publishing).catch((error) =>
        log.debug({ reason: messageOf(error) }, 'dht publish failed'),
      );
    },
  };
}

async function find(dht: KadDHT, realm: RealmName, signal: AbortSignal): Promise<Uint8Array[]> {
  const values: Uint8Array[] = [];
  for await (const event of dht.get(keyOf(realm), { signal })) if (event.name === 'VALUE') values.push(event.value);
  return values;
}

async function publish(dht: KadDHT, realm: RealmName, record: Uint8Array, signal: AbortSignal): Promise<void> {
  const events = dht.put(keyOf(realm), record, { signal });
  for await (const event of events) if (event.name === 'QUERY_ERROR') continue;
}

function keyOf(realm: RealmName): Uint8Array {
  return fromString(`/${NAMESPACE}/${realm}`);
}

/** @throws RefusedError `dht-key`, and whatever openRecord throws */
async function openAt(key: Uint8Array, value: Uint8Array, init: DhtInit): Promise<CheckedRecord> {
  const text = toString(key);
  const prefix = `/${NAMESPACE}/`;
  if (!text.startsWith(prefix)) throw new RefusedError('dht-key', `"${text.slice(0, 80)}" is no key of this table`);
  const realm = parseRealmName(text.slice(prefix.length));
  if (!isWithin(realm, init.enterprise)) throw new RefusedError('dht-key', `${realm} is not of ${init.enterprise}`);
  const record = await openRecord(value, init.checkChain, init.clock.now());
  if (record.realm !== realm)
    throw new RefusedError('dht-key', `a record of ${record.realm} under the key of ${realm}`);
  return record;
}

/** Values have passed the validator, or are about to: one that doesn't open loses. */
async function selectNewest(values: readonly Uint8Array[], { checkChain, clock }: DhtInit): Promise<number> {
  let best = 0;
  let newest: CheckedRecord | undefined;
  for (const [index, value] of values.entries()) {
    const record = await openRecord(value, checkChain, clock.now()).catch(() => undefined);
    if (!record || (newest && !isNewer(record, newest))) continue;
    best = index;
    newest = record;
  }
  return best;
}
