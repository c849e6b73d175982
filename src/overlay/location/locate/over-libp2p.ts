// `/canopy/locate/1` on libp2p's streams.
import type { Connection, Stream } from '@libp2p/interface';
import type { Clock } from '../../../realm/clock.ts';
import { within } from '../../../realm/deadline.ts';
import { asError, RefusedError } from '../../../realm/errors.ts';
import type { RealmName } from '../../../realm/names.ts';
import type { HostInternals } from '../../links/host-internals.ts';
import type { LinkAdmissions } from '../../links/links.ts';
import { hostOf } from '../../links/path.ts';
import { handshakeFrames } from '../../wire.ts';
import { MAX_OBSERVED, type Observed } from './codec.ts';
import { LOCATE_PROTOCOL, LOCATE_TIMEOUT, MAX_REPLY, MAX_REQUEST } from './index.ts';
import type { LocateServer } from './server.ts';
import type { LocateWay } from './way.ts';

export function wayOver(connection: Connection): LocateWay {
  return {
    peerId: connection.remotePeer.toString(),
    host: hostOf(connection.remoteAddr),
    ask: (request, signal) => ask(connection, request, signal),
  };
}

async function ask(connection: Connection, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const stream = await connection.newStream(LOCATE_PROTOCOL, { signal, runOnLimitedConnection: true });
  try {
    const frames = handshakeFrames(stream, MAX_REPLY);
    await frames.write(request, { signal });
    const reply = (await frames.read({ signal })).slice();
    await stream.close({ signal });
    return reply;
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}

export interface LocateServiceComponents {
  readonly host: Pick<HostInternals, 'registrar'>;
  readonly admissions: LinkAdmissions;
  readonly clock: Clock;
}

/** Hands the requests of admitted peers to the server. */
export class LocateService {
  readonly #components: LocateServiceComponents;
  readonly #server: LocateServer;
  readonly #stopping = new AbortController();

  constructor(components: LocateServiceComponents, server: LocateServer) {
    this.#components = components;
    this.#server = server;
  }

  async start(): Promise<void> {
    await this.#components.host.registrar.handle(
      LOCATE_PROTOCOL,
      (stream, connection) => this.#handle(stream, connection),
      {
        maxInboundStreams: 8,
        runOnLimitedConnection: true,
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The relay is stopping'));
    await this.#components.host.registrar.unhandle(LOCATE_PROTOCOL);
  }

  async #handle(stream: Stream, connection: Connection): Promise<void> {
    const { clock } = this.#components;
    const answer = (signal: AbortSignal) => this.#answer(stream, connection, signal);
    try {
      await within(clock, LOCATE_TIMEOUT, 'request to locate', this.#stopping.signal, answer);
    } catch (error) {
      stream.abort(asError(error));
    }
  }

  async #answer(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void> {
    const peerId = connection.remotePeer.toString();
    const frames = handshakeFrames(stream, MAX_REQUEST);
    const request = (await frames.read({ signal })).slice();
    const peer = this.#components.admissions.get(peerId);
    if (!peer) throw new RefusedError('not-a-relay', 'only admitted relays may ask');
    const { realm, role } = peer;
    const reply = await this.#server.answer(request, { peerId, realm, role, host: hostOf(connection.remoteAddr) });
    await frames.write(reply, { signal });
    await stream.close({ signal });
  }
}

/** Where a host sees these relays of the realm now; at most as many as a reply may name. */
export function seenBy(
  host: Pick<HostInternals, 'connectionManager'>,
  admissions: LinkAdmissions,
): (peerIds: ReadonlySet<string>, realm: RealmName) => Observed[] {
  const isOf = (realm: RealmName, peerId: string): boolean => {
    const peer = admissions.get(peerId);
    return peer?.realm === realm && peer.role === 'relay';
  };
  return (peerIds, realm) => {
    const seen = host.connectionManager.getConnections().flatMap((connection) => {
      const peerId = connection.remotePeer.toString();
      const address = peerIds.has(peerId) && isOf(realm, peerId) ? hostOf(connection.remoteAddr) : undefined;
      return address === undefined ? [] : [{ peerId, host: address }];
    });
    const isFirst = ({ peerId, host: address }: Observed, index: number): boolean =>
      seen.findIndex((other) => other.peerId === peerId && other.host === address) === index;
    return seen.filter(isFirst).slice(0, MAX_OBSERVED);
  };
}
