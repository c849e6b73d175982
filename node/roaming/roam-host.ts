// The home's side of /canopy/roam/1: requests of own users who work in another branch's LAN come into the LAN API as if they were here. The
// session's token stays here; the visited realm gets a grant that it alone may use.
import { randomBytes } from 'node:crypto';
import type { Network, Peer, Stream } from '../../src/overlay/seam.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import {
  decodeRoamRequest,
  encodeRoamAnswer,
  FRAME_DEADLINE,
  MAX_ANSWER,
  MAX_FRAME,
  MAX_STREAMS,
  partsOf,
  ROAM_PROTOCOL,
  type RoamRequest,
} from '../../src/protocols/roam/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { asError, PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { StreamSocket } from './stream-socket.ts';

export interface AskedAtDoor {
  readonly method: string;
  readonly path: string;
  /** Content-Type and Range, or empty. */
  readonly type: string;
  readonly range: string;
  readonly body: Uint8Array;
  readonly token: string;
  readonly from: string;
}

/** The LAN API as it is entered from another branch. */
export interface LanDoor {
  request(asked: AskedAtDoor): Promise<Response>;
  /** A live socket of the session of that token. @throws RefusedError `session-missing`, … */
  adopt(token: string, socket: StreamSocket): void;
}

export interface RoamHostComponents {
  readonly network: Pick<Network, 'handle'>;
  readonly door: LanDoor;
  readonly isColleague: (peer: Peer) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

interface Grant {
  readonly realm: RealmName;
  readonly token: string;
  readonly seen: number;
}

const HOUR = 60 * 60 * 1000;
const IDLE = 12 * HOUR;
const MAX_GRANTS = 10_000;
const GRANT = 24;
const OF_REALM = { perSecond: 50, burst: 400 };
const OF_ALL_REALMS = { perSecond: 500, burst: 4000 };
/** Guesses of one realm whose addresses nobody here can check. */
const LOGINS_OF_REALM = { perSecond: 4, burst: 120 };
const LOGINS_OF_ALL = { perSecond: 50, burst: 500 };

export class RoamHost {
  readonly #parts: RoamHostComponents;
  readonly #grants = new Map<string, Grant>();
  readonly #calls: RateLimiter;
  readonly #logins: RateLimiter;
  readonly #stopping = new AbortController();

  constructor(components: RoamHostComponents) {
    this.#parts = components;
    this.#calls = new RateLimiter(components.clock, OF_REALM, OF_ALL_REALMS);
    this.#logins = new RateLimiter(components.clock, LOGINS_OF_REALM, LOGINS_OF_ALL);
  }

  start(): void {
    const options = { allow: 'enterprise', maxFrame: MAX_FRAME, maxStreams: MAX_STREAMS } as const;
    this.#parts.network.handle(ROAM_PROTOCOL, options, (stream) => this.#serve(stream));
  }

  stop(): void {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
    this.#grants.clear();
  }

  /** Own users who work elsewhere now. */
  gauges(): Record<string, number> {
    return { grants: this.#grants.size };
  }

  async #serve(stream: Stream): Promise<void> {
    const { clock, isColleague, log } = this.#parts;
    const { signal } = this.#stopping;
    const { realm } = stream.peer;
    try {
      if (!isColleague(stream.peer)) throw new RefusedError('scope', `${realm} has no guests of ours`);
      const frame = await within(clock, FRAME_DEADLINE, 'roaming request', signal, (limited) => stream.read(limited));
      if (!frame) throw new PeerError('malformed', 'the stream ended before a request');
      const request = decodeRoamRequest(frame);
      if (request.kind === 'live') return await this.#live(stream, request);
      await this.#answer(stream, request);
      await stream.close();
    } catch (error) {
      log.info({ peer: realm, cause: String(error) }, 'roaming stream ended');
      stream.abort(asError(error));
    }
  }

  async #live(stream: Stream, { grant }: RoamRequest): Promise<void> {
    const found = this.#grantOf(grant, stream.peer.realm);
    if (!found) throw new RefusedError('session-missing', 'no such grant');
    const socket = new StreamSocket(stream);
    this.#parts.door.adopt(found.token, socket);
    await socket.run(this.#stopping.signal);
  }

  async #answer(stream: Stream, request: RoamRequest): Promise<void> {
    const { realm } = stream.peer;
    const isLogin = request.path.startsWith('/login/');
    if (!this.#calls.take(realm) || (isLogin && !this.#logins.take(realm))) {
      return this.#send(stream, refusal(429, 'roam-busy'), '');
    }
    const grant = request.grant === '' ? undefined : this.#grantOf(request.grant, realm);
    if (!isLogin && !grant) return this.#send(stream, refusal(401, 'session-missing'), '');
    const { method, path, from, type, range } = request;
    const body = await this.#body(stream, request.size);
    const asked = {
      method,
      path,
      type,
      range,
      body,
      token: isLogin ? '' : (grant?.token ?? ''),
      from: `${realm} ${from}`,
    };
    const answer = await this.#parts.door.request(asked);
    if (path === '/logout' || (await isOver(answer))) this.#grants.delete(request.grant);
    const { kept, granted } = await this.#keepToken(answer, path, realm);
    if (granted !== '') this.#grants.delete(request.grant);
    await this.#send(stream, kept, granted);
  }

  /** Not before the grant is known to be one: whoever has none makes nobody hold a body. @throws PeerError `malformed` */
  async #body(stream: Stream, size: number): Promise<Uint8Array> {
    const { clock } = this.#parts;
    const body = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      const part = await within(clock, FRAME_DEADLINE, 'body', this.#stopping.signal, (limited) =>
        stream.read(limited),
      );
      if (!part || part.length === 0 || at + part.length > size) {
        throw new PeerError('malformed', 'a body of another length than was said');
      }
      body.set(part, at);
      at += part.length;
    }
    return body;
  }

  /** The token of an answer that has one stays here. */
  async #keepToken(answer: Response, path: string, realm: RealmName): Promise<{ kept: Response; granted: string }> {
    if (answer.status !== 200 || (path !== '/login/finish' && path !== '/password/finish')) {
      return { kept: answer, granted: '' };
    }
    const { token, ...rest }: Record<string, unknown> = Object(await answer.json());
    if (typeof token !== 'string') return { kept: Response.json(rest), granted: '' };
    this.#sweep();
    const granted = randomBytes(GRANT).toString('base64url');
    this.#grants.set(granted, { realm, token, seen: this.#parts.clock.monotonic() });
    return { kept: Response.json(rest), granted };
  }

  #grantOf(name: string, realm: RealmName): Grant | undefined {
    const grant = this.#grants.get(name);
    const now = this.#parts.clock.monotonic();
    if (!grant || grant.realm !== realm || now - grant.seen > IDLE) return undefined;
    const seen = { ...grant, seen: now };
    this.#grants.set(name, seen);
    return seen;
  }

  #sweep(): void {
    const old = this.#parts.clock.monotonic() - IDLE;
    for (const [name, { seen }] of this.#grants) if (seen < old) this.#grants.delete(name);
    const [oldest] = this.#grants.keys();
    if (this.#grants.size >= MAX_GRANTS && oldest !== undefined) this.#grants.delete(oldest);
  }

  async #send(stream: Stream, answer: Response, grant: string): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopping;
    // Before a byte of it is read: a file may be longer than this node's memory.
    if (Number(answer.headers.get('content-length') ?? 0) > MAX_ANSWER) {
      await answer.body?.cancel();
      return this.#send(stream, refusal(413, 'answer-too-long'), grant);
    }
    const type = answer.headers.get('content-type') ?? 'application/json';
    const range = answer.headers.get('content-range') ?? '';
    const body = new Uint8Array(await answer.arrayBuffer());
    const head = encodeRoamAnswer({ status: answer.status, type, grant, range });
    for (const frame of [head, ...partsOf(body)]) {
      await within(clock, FRAME_DEADLINE, 'room to write', signal, (limited) => stream.write(frame, limited));
    }
  }
}

/** A device that is to be wiped may ask more than once before it has: whoever asked first need not be who wipes. */
async function isOver(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false;
  const { error }: Record<string, unknown> = Object(await answer.clone().json());
  return Object(error).code !== 'device-wiped';
}

function refusal(status: number, code: string): Response {
  return Response.json({ error: { code } }, { status });
}
