// Brings an enrolment request from the relay where it came in to the node that issues, over `/canopy/enrol-forward/1`.
import type { Connection, Stream as RawStream } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import { decodeEnrolRequest, issuerOfRequest } from '../../pki/enrolment.ts';
import { isRenewRequest, issuerOfRenewal } from '../../pki/renewal.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, codeOf, messageOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { isWithin, type RealmName } from '../../realm/names.ts';
import type { Admissions, AdmittedPeer } from '../admission/admissions.ts';
import type { LinkSource } from '../forward/link-source.ts';
import { FramedStream } from '../framed-stream.ts';
import type { Identity } from '../identity.ts';
import { ownNodeConnection } from '../own-node.ts';
import { answerOnce, askOnce } from './exchange.ts';
import { ENROL_FORWARD_PROTOCOL, type Issuer, MAX_ENROL_FRAME } from './index.ts';

export interface EnrolRouterComponents {
  readonly identity: Pick<Identity, 'realm'>;
  readonly admissions: Admissions;
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
  readonly links: LinkSource;
  /** Brings a renewal to an ancestor's relay without a certificate. */
  readonly byDoor?: Issuer;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** So long a renewal waits for a link, so that time is left for the door. */
const LINK_DEADLINE = 4_000;
/** Requests on their way from one relay at a time. */
const MAX_STREAMS = 16;

function issuerOf(request: Uint8Array): RealmName {
  return isRenewRequest(request) ? issuerOfRenewal(request) : issuerOfRequest(decodeEnrolRequest(request));
}

export class EnrolRouter {
  readonly #components: EnrolRouterComponents;

  constructor(components: EnrolRouterComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    const limits = { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS, runOnLimitedConnection: true };
    await this.#components.registrar.handle(
      ENROL_FORWARD_PROTOCOL,
      (raw, connection) => void this.#serve(raw, connection),
      limits,
    );
  }

  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(ENROL_FORWARD_PROTOCOL);
  }

  /** For a request that came in at this relay's door. @throws UnreachableError, RefusedError, PeerError */
  async route(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const issuer = issuerOf(request);
    return issuer === this.#components.identity.realm
      ? this.#askNode(request, signal)
      : this.#askAbove(issuer, request, signal);
  }

  async #askNode(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { admissions, identity } = this.#components;
    return this.#ask(ownNodeConnection(admissions, identity.realm), request, signal);
  }

  /** Over the link; when there is none, because our own certificate is over, as a stranger at the door of an ancestor. */
  async #askAbove(issuer: RealmName, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { identity, byDoor, clock } = this.#components;
    if (!byDoor || !isWithin(identity.realm, issuer) || !isRenewRequest(request))
      return this.#askRelay(issuer, request, signal);
    try {
      return await within(clock, LINK_DEADLINE, `link to ${issuer}`, signal, (limited) =>
        this.#askRelay(issuer, request, limited),
      );
    } catch {
      return byDoor(request, signal);
    }
  }

  /** Up or down the own line only; what is beside it is none of our business. */
  async #askRelay(issuer: RealmName, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { identity, links } = this.#components;
    if (!isWithin(issuer, identity.realm) && !isWithin(identity.realm, issuer)) {
      throw new RefusedError('out-of-scope', `${issuer} is neither above nor below ${identity.realm}`);
    }
    const { connection } = await links.get(issuer, signal);
    const peer = this.#peerOf(connection);
    if (peer.realm !== issuer) throw new UnreachableError('no-path', `the link to ${issuer} ends at ${peer.realm}`);
    return this.#ask(connection, request, signal);
  }

  async #ask(connection: Connection, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const raw = await connection.newStream([ENROL_FORWARD_PROTOCOL], { signal, runOnLimitedConnection: true });
    return askOnce(this.#framed(raw, connection), request, signal);
  }

  async #serve(raw: RawStream, connection: Connection): Promise<void> {
    const { clock } = this.#components;
    try {
      const stream = this.#framed(raw, connection);
      await answerOnce(stream, (request, signal) => this.#last(request, signal), clock);
      await stream.finish();
    } catch (error) {
      this.#components.log.debug({ code: codeOf(error), error: messageOf(error) }, 'enrolment not passed on');
      raw.abort(asError(error));
    }
  }

  /** From another relay: only for the own node, so that a request never wanders. */
  async #last(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const issuer = issuerOf(request);
    if (issuer === this.#components.identity.realm) return this.#askNode(request, signal);
    throw new RefusedError(
      'out-of-scope',
      `${issuer} was asked for at the relay of ${this.#components.identity.realm}`,
    );
  }

  #framed(raw: RawStream, connection: Connection): FramedStream {
    const path = { kind: 'local', hops: [] } as const;
    return new FramedStream(raw, { peer: this.#peerOf(connection), path, maxFrame: MAX_ENROL_FRAME });
  }

  #peerOf(connection: Connection): AdmittedPeer {
    const peer = this.#components.admissions.get(connection.remotePeer.toString());
    if (!peer) throw new RefusedError('not-admitted', 'the peer is no longer admitted');
    return peer;
  }
}
