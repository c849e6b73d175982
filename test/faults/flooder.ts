// A branch that was taken over, as a process of its own: floods another branch with new streams, dials, requests for circuits
// and hellos of pipes, as fast as it can. Prints one line a second with what it has begun so far.
//
// Arguments: a JSON object Flood.
import { connect } from 'node:net';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { FORWARD_PROTOCOL } from '../../src/overlay/forward/index.ts';
import { createHost, type Host } from '../../src/overlay/host.ts';
import { MAGIC, PIPE_PROTOCOL, TICKET_BYTES } from '../../src/overlay/pipe/index.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { openIdentity } from '../../src/settings/live-identity.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';

export interface Flood {
  /** The data directory of the branch that was taken over. */
  readonly dir: string;
  /** Multiaddrs of relays, each with its peer id: of the other branch, and of the enterprise. */
  readonly relays: readonly string[];
}

const CIRCUIT = '/libp2p/circuit/relay/0.2.0/hop';
const AT_ONCE = 200;
const BEAT = 20;
const REPORT = 1_000;
const begun = { streams: 0, circuits: 0, dials: 0, pipes: 0 };

const { dir, relays }: Flood = JSON.parse(process.argv[2] ?? '{}');
const directory = await openDataDirectory(dir);
const identity = await openIdentity(directory, await readRealmFile(directory), 'relay');
const host = await createHost({ identity, clock: systemClock, log: silentLog, audit: () => {} });
await host.start();
for (const address of relays) void floodStreams(host, address);
setInterval(() => relays.forEach(floodDials), BEAT);
setInterval(() => console.log(JSON.stringify(begun)), REPORT);

async function floodStreams({ libp2p }: Host, address: string): Promise<void> {
  for (;;) {
    await libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(10_000) }).then(floodConnection, () => {});
    await new Promise((resolve) => setTimeout(resolve, BEAT));
  }
}

async function floodConnection(connection: Connection): Promise<void> {
  const end = new Promise<void>((resolve) => connection.addEventListener('close', () => resolve()));
  const timer = setInterval(() => {
    for (let count = 0; count < AT_ONCE; count++) open(connection);
  }, BEAT);
  await end;
  clearInterval(timer);
}

function open(connection: Connection): void {
  const protocol = [FORWARD_PROTOCOL, PIPE_PROTOCOL, CIRCUIT][begun.streams % 3] ?? CIRCUIT;
  begun.streams += 1;
  if (protocol === CIRCUIT) begun.circuits += 1;
  connection
    .newStream([protocol], { signal: AbortSignal.timeout(5_000), maxOutboundStreams: 100_000 })
    .then((stream) => {
      stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
      return stream;
    })
    .catch(() => {});
}

function floodDials(address: string): void {
  const port = Number(/tcp\/(\d+)/.exec(address)?.[1]);
  for (let count = 0; count < AT_ONCE / 2; count++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const isPipe = count % 2 === 0;
    begun[isPipe ? 'pipes' : 'dials'] += 1;
    socket.write(isPipe ? Buffer.concat([MAGIC, Buffer.alloc(TICKET_BYTES, count)]) : Buffer.alloc(100, count));
    setTimeout(() => socket.destroy(), REPORT);
  }
}

process.on('uncaughtException', () => {});
