// One relay as a process of its own in a namespace of the laboratory: prints its links' paths as JSON lines.
//
// Arguments: a JSON object LabRelay. Keys are derived from the realms' names, so that each process knows all peer ids.
import { createHash } from 'node:crypto';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { PunchWay } from '../../../src/overlay/links/links.ts';
import type { Endpoint } from '../../../src/overlay/stun/message.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { loudLog, startRelay, TestRegistry } from './relay-host.ts';

export interface LabRelay {
  readonly realm: string;
  readonly all: readonly string[];
  readonly listen: readonly string[];
  readonly ancestor?: { readonly realm: string; readonly addresses: readonly string[] };
  readonly ways: readonly PunchWay[];
  readonly stun: readonly Endpoint[];
  readonly wants?: string;
  readonly loud?: boolean;
}

const init: LabRelay = JSON.parse(process.argv[2] ?? '{}');
const keyOf = (realm: string) => generateKeyPairFromSeed('Ed25519', createHash('sha256').update(realm).digest());

const registry = new TestRegistry();
const peerIds = new Map<string, string>();
for (const realm of init.all) {
  const peerId = peerIdFromPrivateKey(await keyOf(realm)).toString();
  peerIds.set(realm, peerId);
  registry.add(peerId, parseRealmName(realm));
}
const { ancestor } = init;
const ancestors = ancestor
  ? [
      {
        realm: parseRealmName(ancestor.realm),
        addresses: ancestor.addresses.map((one) => `${one}/p2p/${peerIds.get(ancestor.realm)}`),
      },
    ]
  : [];
const begun = performance.now();
const print = (line: object) =>
  console.log(JSON.stringify({ realm: init.realm, ms: Math.round(performance.now() - begun), ...line }));
const host = await startRelay({
  realm: init.realm,
  registry,
  key: await keyOf(init.realm),
  ancestors,
  ways: init.ways,
  listen: init.listen,
  stun: init.stun,
  webrtc: init.ways.includes('webrtc'),
  ...(init.loud ? { log: loudLog(init.realm) } : {}),
});
host.links.onChange((report) => print({ to: report.realm, kind: report.kind }));
print({ ready: true });
if (init.wants !== undefined) {
  const link = await host.links.get(parseRealmName(init.wants), AbortSignal.timeout(20_000));
  print({ got: link.path });
}
