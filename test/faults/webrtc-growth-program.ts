// Opens and closes WebRTC connections between two relays of this process, tells as one JSON line what each end of one has
// left behind, and ends.
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { multiaddr } from '@multiformats/multiaddr';
import { dial } from '../../src/overlay/links/dial.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { type RelayHost, startRelay, TestRegistry } from '../overlay/links/relay-host.ts';

/** Connections before the first look: pools and caches fill once, and the heap takes its size. */
const WARM_UP = 80;
const CONNECTIONS = 120;
/** Both ends of each connection are in this process. */
const ENDS = 2;
const LINK_LIMIT = 15_000;
const DIAL_LIMIT = 2_500;

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

interface Memory {
  /** Resident, but for what the JS engine has set aside for its heap: it does so by leaps, and gives little back. */
  readonly native: number;
  readonly heapUsed: number;
}

/** After native threads had time to end. */
async function atRest(): Promise<Memory> {
  await pause(3_000);
  for (let round = 0; round < 3; round++) {
    if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await pause(100);
  }
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { native: rss - heapTotal, heapUsed };
}

/** So many that came up; now and then one does not, when the last one's end is still on its way. */
async function comeAndGo(from: RelayHost, to: RelayHost, via: RelayHost, count: number): Promise<void> {
  const address = multiaddr(`${via.addresses[0]}/p2p-circuit/webrtc/p2p/${to.peerId}`);
  const signal = new AbortController().signal;
  let failures = 0;
  for (let done = 0; done < count; ) {
    try {
      const connection = await dial(
        from.libp2p.services.internals,
        address,
        { timeout: DIAL_LIMIT, clock: systemClock },
        signal,
      );
      await connection.close().catch((error: Error) => connection.abort(error));
      done++;
    } catch (error) {
      if (++failures > count) throw error;
    }
    // The next one is signalled over the first connection that there is: none that is about to end may stand there.
    while (webrtcWith(from, to) + webrtcWith(to, from) > 0) await pause(5);
  }
}

function webrtcWith(host: RelayHost, other: RelayHost): number {
  const connections = host.libp2p.getConnections().filter(({ remotePeer }) => remotePeer.toString() === other.peerId);
  return connections.filter(({ remoteAddr }) => remoteAddr.toString().includes('/webrtc')).length;
}

const registry = new TestRegistry();
const region = await startRelay({ realm: 'ua', registry });
const kyiv = await startRelay({ realm: 'kyiv.ua', registry, ancestors: [region], webrtc: true });
const lviv = await startRelay({ realm: 'lviv.ua', registry, ancestors: [region], webrtc: true });
await kyiv.links.get(lviv.realm, AbortSignal.timeout(LINK_LIMIT));

await comeAndGo(kyiv, lviv, region, WARM_UP);
const before = await atRest();
await comeAndGo(kyiv, lviv, region, CONNECTIONS);
const now = await atRest();

const native = (now.native - before.native) / CONNECTIONS / ENDS;
const heap = (now.heapUsed - before.heapUsed) / CONNECTIONS / ENDS;
process.stdout.write(`${JSON.stringify({ native, heap, connections: CONNECTIONS, warmUp: WARM_UP })}\n`, () =>
  process.exit(),
);
