// One relay as a process of its own in a namespace of the laboratory: prints its links' paths as JSON lines.
//
// Arguments: a JSON object LabRelay. Keys are derived from the relays' names, so that each process knows all peer ids. The name
// of a relay is that of its realm, and `REALM 2` for the second one.
import { createHash } from 'node:crypto';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { PunchWay } from '../../../src/overlay/links/links.ts';
import type { Endpoint } from '../../../src/overlay/stun/message.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { loudLog, startRelay, TestRegistry } from './relay-host.ts';

export interface LabRelay {
  /** `ua`, or `ua 2` for a second relay. */
  readonly name: string;
  /** Names of all relays of the test. */
  readonly all: readonly string[];
  readonly listen: readonly string[];
  readonly ancestor?: LabRealm;
  /** Where another relay of the same realm listens. */
  readonly fellow?: LabPlace;
  readonly ways: readonly PunchWay[];
  readonly stun: readonly Endpoint[];
  readonly wants?: string;
  readonly loud?: boolean;
}

export interface LabPlace {
  readonly name: string;
  readonly address: string;
}

export interface LabRealm {
  readonly realm: string;
  readonly relays: readonly LabPlace[];
}

const init: LabRelay = JSON.parse(process.argv[2] ?? '{}');
const keyOf = (name: string) => generateKeyPairFromSeed('Ed25519', createHash('sha256').update(name).digest());
const realmOf = (name: string) => parseRealmName(name.split(' ')[0] ?? '');

const registry = new TestRegistry();
const peerIds = new Map<string, string>();
for (const name of init.all) {
  const peerId = peerIdFromPrivateKey(await keyOf(name)).toString();
  peerIds.set(name, peerId);
  registry.add(peerId, realmOf(name));
}
const atPeer = ({ name, address }: LabPlace): string => `${address}/p2p/${peerIds.get(name)}`;
const { ancestor } = init;
const ancestors = ancestor ? [{ realm: parseRealmName(ancestor.realm), addresses: ancestor.relays.map(atPeer) }] : [];
const begun = performance.now();
const print = (line: object) =>
  console.log(JSON.stringify({ name: init.name, ms: Math.round(performance.now() - begun), ...line }));
const host = await startRelay({
  realm: realmOf(init.name),
  registry,
  key: await keyOf(init.name),
  ancestors,
  ways: init.ways,
  listen: init.listen,
  stun: init.stun,
  ...(init.fellow ? { fellows: [atPeer(init.fellow)] } : {}),
  webrtc: init.ways.includes('webrtc'),
  ...(init.loud ? { log: loudLog(init.name) } : {}),
});
host.links.onChange((report) => {
  const connection = host.links.current(report.realm)?.connection;
  const at = connection?.remoteAddr.getComponents()[0]?.value;
  print({ to: report.realm, kind: report.kind, at });
});
print({ ready: true });
if (init.wants !== undefined) {
  const link = await host.links.get(parseRealmName(init.wants), AbortSignal.timeout(20_000));
  print({ got: link.path });
}
