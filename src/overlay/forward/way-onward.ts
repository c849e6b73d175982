// What leads on from a relay: for a stream of the own node a link to a relay of the destination, the best one that finds its node; for
// one that came over a link the own node.
import type { Connection, Stream } from '@libp2p/interface';
import { asError, codeOf, RefusedError, UnreachableError } from '../../realm/errors.ts';
import type { Admissions } from '../admission/admissions.ts';
import type { Identity } from '../identity.ts';
import { ownNodeConnection } from '../own-node.ts';
import { PIPE_FAILED } from '../pipe/index.ts';
import type { RelayPipes } from '../pipe/relay-pipes.ts';
import type { Section } from '../pipe/run-pipe.ts';
import { isReachable, type Trusts } from '../scope.ts';
import { ask } from './ask.ts';
import { ownHop } from './hops.ts';
import { FORWARD_PROTOCOL, type ForwardConsent, type ForwardHeader } from './index.ts';
import type { LinkSource } from './link-source.ts';
import { QUOTA } from './quotas.ts';

export interface WayOnwardComponents {
  readonly identity: Pick<Identity, 'realm' | 'role' | 'tier'>;
  readonly peerId: string;
  readonly admissions: Admissions;
  readonly links: LinkSource;
  readonly trusts?: Trusts;
  /** Undefined: bulk takes the streams like all else. */
  readonly pipes?: RelayPipes;
}

interface NextHop {
  readonly connection: Connection;
  readonly header: ForwardHeader;
}

export interface Onward {
  readonly stream: Stream;
  readonly reply: ForwardConsent;
  readonly section?: Section;
}

const STREAM = { maxOutboundStreams: QUOTA.node, runOnLimitedConnection: true } as const;

export class WayOnward {
  readonly #components: WayOnwardComponents;

  constructor(components: WayOnwardComponents) {
    this.#components = components;
  }

  /** Over the best relay of the destination, and where its node is not connected to that one, over the next. */
  async open(header: ForwardHeader, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    const ways = await this.#next(header, signal);
    for (const [index, way] of ways.entries()) {
      try {
        return await this.#withOrWithoutPipe(way, withPipe, signal);
      } catch (error) {
        if (signal.aborted || index === ways.length - 1) throw error;
      }
    }
    throw new UnreachableError('no-path', `no way leads to ${header.destination} now`);
  }

  async #withOrWithoutPipe(way: NextHop, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    try {
      return await this.#handOn(way, withPipe, signal);
    } catch (error) {
      if (codeOf(error) !== PIPE_FAILED || signal.aborted) throw error;
    }
    return this.#handOn(way, false, signal);
  }

  async #next(header: ForwardHeader, signal: AbortSignal): Promise<NextHop[]> {
    const { identity, peerId, admissions, links } = this.#components;
    const hops = [...header.hops, ownHop(identity, peerId)];
    if (header.destination === identity.realm)
      return [{ connection: ownNodeConnection(admissions, identity.realm), header: { ...header, hops } }];
    const first = await links.get(header.destination, signal);
    this.#checkLink(first.connection, header.destination);
    const others = links.ways?.(header.destination).filter(({ connection }) => connection !== first.connection) ?? [];
    return [first, ...others.filter(({ connection }) => this.#isOf(connection, header.destination))].map((link) => {
      const via = link.via === undefined ? {} : { via: link.via };
      return { connection: link.connection, header: { ...header, hops, kind: link.path, ...via } };
    });
  }

  /** By its certificate the other relay must be of that realm, and the realm still one that we reach: a trust may have ended. */
  #checkLink(connection: Connection, realm: ForwardHeader['destination']): void {
    if (this.#isOf(connection, realm)) return;
    throw new RefusedError('out-of-scope', `the link to ${realm} ends at another realm, or one that is out of scope`);
  }

  #isOf(connection: Connection, realm: ForwardHeader['destination']): boolean {
    const peer = this.#components.admissions.get(connection.remotePeer.toString());
    const known = peer?.realm === realm && peer.role === 'relay';
    return known && isReachable(this.#components.identity, peer, this.#components.trusts);
  }

  async #handOn({ connection, header }: NextHop, withPipe: boolean, signal: AbortSignal): Promise<Onward> {
    const way = { connection, ...(header.via === undefined ? {} : { via: header.via }) };
    const offer = withPipe ? await this.#components.pipes?.offer(way, signal) : undefined;
    let stream: Stream | undefined;
    try {
      stream = await connection.newStream([FORWARD_PROTOCOL], { ...STREAM, signal });
      const reply = await ask(stream, { ...header, pipe: offer?.word }, signal);
      const socket = await offer?.socket(reply.pipe, signal);
      if (!socket) offer?.cancel();
      const told = this.#told(reply, header);
      const section = offer && socket ? { socket, cancel: () => offer.cancel() } : undefined;
      return { stream, reply: told, ...(section ? { section } : {}) };
    } catch (error) {
      offer?.cancel();
      stream?.abort(asError(error));
      throw error;
    }
  }

  /** The reply without its last field. The relay that dialled the link knows what kind of path it is; the ends don't. */
  #told(reply: ForwardConsent, header: ForwardHeader): ForwardConsent {
    const isOurs = header.destination === this.#components.identity.realm;
    const via = isOurs ? reply.via : header.via;
    const path = (isOurs ? undefined : header.kind) ?? reply.path;
    return { kind: 'ok', hops: reply.hops, path, ...(via === undefined ? {} : { via }) };
  }
}
