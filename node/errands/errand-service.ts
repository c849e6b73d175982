// Errands of this node and those it carries for others; the rules stand in src/protocols/errand/index.ts.
import { equals } from 'uint8arrays/equals';
import type { Network, Peer } from '../../src/overlay/seam.ts';
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import { verifyWithLeaf } from '../../src/pki/keys.ts';
import { handToNext } from '../../src/protocols/errand/client.ts';
import {
  answerStatement,
  decodeAnswer,
  decodeErrand,
  digestOf,
  encodeAnswer,
  encodeErrand,
  errandStatement,
} from '../../src/protocols/errand/codec.ts';
import {
  type Errand,
  HOP_SHARE,
  MAX_AGE,
  MAX_BODY,
  MAX_BUDGET,
  type Reply,
  type Request,
  type Signed,
} from '../../src/protocols/errand/index.ts';
import { ErrandServer } from '../../src/protocols/errand/server.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import {
  CanopyError,
  codeOf,
  InputError,
  messageOf,
  PeerError,
  RefusedError,
  UnreachableError,
} from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { BatchSigner, OriginKeys } from '../delivery/batch-signing.ts';
import type { ErrandHandler, Errands } from './errands.ts';
import { SeenErrands } from './seen-errands.ts';
import { Shares } from './shares.ts';
import { checkWay, nextHop } from './way.ts';

export interface ErrandComponents {
  readonly network: Pick<Network, 'open' | 'handle'>;
  readonly clock: Clock;
  readonly log: Log;
  /** This node's chain, and signatures with its key. */
  readonly signer: BatchSigner;
  readonly keys: OriginKeys;
  /** 16 bytes that nobody can guess. */
  readonly newId: () => Uint8Array;
}

/** What one origin may ask, as each hop counts it. */
const OF_ORIGIN = { perSecond: 5, burst: 60 };
/** What one neighbour may hand over before anything is verified. */
const OF_NEIGHBOUR = { perSecond: 100, burst: 400 };
const OF_ALL = { perSecond: 200, burst: 800 };
/** Errands that this node carries or answers at one time. */
const MAX_UNDER_WAY = 256;
/** Of those, that one origin may have on the way to the next hop, which takes 64 of us. */
const MAX_OF_ORIGIN = 12;
/** A hop's own trouble, which may be over when one asks again. */
const PASSING = new Set(['no-way', 'timeout', 'busy', 'errand-rate']);

export class ErrandService implements Errands {
  readonly #self: RealmName;
  readonly #parts: ErrandComponents;
  readonly #server: ErrandServer;
  readonly #handlers = new Map<string, ErrandHandler>();
  readonly #seen = new SeenErrands();
  readonly #origins: RateLimiter;
  readonly #neighbours: RateLimiter;
  readonly #shares = new Shares(MAX_OF_ORIGIN);
  #underWay = 0;
  readonly #counters = { asked: 0, answered: 0, carried: 0, stopped: 0 };

  constructor(self: RealmName, components: ErrandComponents) {
    this.#self = self;
    this.#parts = components;
    this.#origins = new RateLimiter(components.clock, OF_ORIGIN, OF_ALL);
    this.#neighbours = new RateLimiter(components.clock, OF_NEIGHBOUR, OF_ALL);
    this.#server = new ErrandServer({ ...components, serve: (...given) => this.#serve(...given) });
  }

  start(): void {
    this.#server.start();
  }

  /** Does not wait for handlers, which end by their signal: one that hangs must not keep the node from stopping. */
  stop(): void {
    void this.#server.stop();
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  gauges(): Record<string, number> {
    return { underWay: this.#underWay };
  }

  answer(kind: string, handler: ErrandHandler): void {
    if (this.#handlers.has(kind)) throw new Error(`errands of the kind ${kind} have a handler already`);
    this.#handlers.set(kind, handler);
  }

  async ask(destination: RealmName, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (body.length > MAX_BODY) throw new InputError('errand-too-long', `an errand holds at most ${MAX_BODY} bytes`);
    this.#counters.asked++;
    if (destination === this.#self) return this.#handler(kind)(this.#self, body, signal);
    const errand = this.#sign({ destination, kind, body });
    const reply = await this.#pass(destination, { budget: MAX_BUDGET, errand }, signal);
    if (reply.kind === 'stopped') throw stoppedAt(reply, destination);
    return this.#openAnswer(reply.answer, errand, destination);
  }

  async #pass(destination: RealmName, request: Request, signal: AbortSignal): Promise<Reply> {
    const next = nextHop(this.#self, destination);
    return handToNext(this.#parts, next, request, signal).catch((cause) => {
      if (signal.aborted || cause instanceof PeerError || codeOf(cause) === 'timeout') throw cause;
      throw new UnreachableError('no-way', `${next}, the next on the way to ${destination}, is out of reach`, {
        cause,
      });
    });
  }

  #sign({ destination, kind, body }: Pick<Errand, 'destination' | 'kind' | 'body'>): Signed {
    const { clock, signer, newId } = this.#parts;
    const { chain } = signer;
    const errand = { id: newId(), origin: this.#self, destination, kind, issued: clock.now(), body, chain };
    const bytes = encodeErrand(errand);
    return { bytes, signature: signer.sign(errandStatement(bytes)) };
  }

  async #openAnswer(signed: Signed, errand: Signed, destination: RealmName): Promise<Uint8Array> {
    const answer = decodeAnswer(signed.bytes);
    const key = await this.#parts.keys.keyOf(answer.chain, destination);
    if (!verifyWithLeaf(key, answerStatement(signed.bytes), signed.signature)) {
      throw new PeerError('signature-bad', `the answer in the name of ${destination} is not signed by it`);
    }
    if (!equals(answer.digest, digestOf(errand.bytes))) {
      throw new PeerError('answer-foreign', `${destination} has answered another errand than this one`);
    }
    if (answer.code !== undefined) throw new RefusedError(answer.code, `${destination} refuses: ${answer.code}`);
    return answer.body;
  }

  /** Never rejects. */
  async #serve(peer: Peer, request: Request, signal: AbortSignal): Promise<Reply> {
    this.#underWay++;
    try {
      if (this.#underWay > MAX_UNDER_WAY) throw new UnreachableError('busy', 'too many errands are under way');
      return await within(this.#parts.clock, request.budget, 'answer', signal, (limited) =>
        this.#take(peer, request, limited),
      );
    } catch (error) {
      this.#counters.stopped++;
      this.#parts.log.info({ peer: peer.realm, code: codeOf(error), error: messageOf(error) }, 'errand stopped');
      return { kind: 'stopped', code: codeOf(error), realm: this.#self };
    } finally {
      this.#underWay--;
    }
  }

  async #take(peer: Peer, request: Request, signal: AbortSignal): Promise<Reply> {
    const begun = this.#parts.clock.monotonic();
    const errand = decodeErrand(request.errand.bytes);
    checkWay(this.#self, peer.realm, errand);
    if (!this.#neighbours.take(peer.realm)) throw tooMany(peer.realm);
    await this.#verify(errand, request.errand);
    if (!this.#origins.take(errand.origin)) throw tooMany(errand.origin);
    if (errand.destination === this.#self)
      return { kind: 'answer', answer: await this.#answer(errand, request.errand, signal) };
    return this.#shares.run(errand.origin, signal, async () => {
      this.#counters.carried++;
      const budget = Math.floor(request.budget - HOP_SHARE - (this.#parts.clock.monotonic() - begun));
      if (budget <= 0) throw new UnreachableError('timeout', 'no time is left for this errand');
      return this.#pass(errand.destination, { budget, errand: request.errand }, signal);
    });
  }

  /** @throws RefusedError `cert-…`, `origin-foreign`, `signature-bad`, `errand-stale` */
  async #verify(errand: Errand, { bytes, signature }: Signed): Promise<void> {
    const { keys, clock } = this.#parts;
    const key = await keys.keyOf(errand.chain, errand.origin);
    if (!verifyWithLeaf(key, errandStatement(bytes), signature)) {
      throw new RefusedError('signature-bad', `an errand in the name of ${errand.origin} is not signed by it`);
    }
    if (Math.abs(clock.now() - errand.issued) > MAX_AGE) {
      throw new RefusedError('errand-stale', `an errand of ${errand.origin} was issued at ${errand.issued}`);
    }
  }

  async #answer(errand: Errand, signed: Signed, signal: AbortSignal): Promise<Signed> {
    if (!this.#seen.add(errand.origin, errand.id, errand.issued)) {
      throw new RefusedError('errand-repeated', `an errand of ${errand.origin} came a second time`);
    }
    this.#counters.answered++;
    const { signer } = this.#parts;
    const { chain } = signer;
    const bytes = encodeAnswer({ digest: digestOf(signed.bytes), ...(await this.#run(errand, signal)), chain });
    return { bytes, signature: signer.sign(answerStatement(bytes)) };
  }

  async #run({ kind, origin, body }: Errand, signal: AbortSignal): Promise<{ body: Uint8Array; code?: string }> {
    try {
      return { body: await this.#handler(kind)(origin, body, signal) };
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof CanopyError)) this.#parts.log.error({ kind, error: messageOf(error) }, 'errand failed');
      return { body: new Uint8Array(), code: codeOf(error) };
    }
  }

  #handler(kind: string): ErrandHandler {
    const handler = this.#handlers.get(kind);
    if (!handler) throw new RefusedError('unknown-kind', `${this.#self} answers no errands of the kind ${kind}`);
    return handler;
  }
}

function tooMany(realm: RealmName): UnreachableError {
  return new UnreachableError('errand-rate', `${realm} sends more errands than are carried`);
}

/** Unsigned, so it is never taken for the destination's own refusal, whatever its code. */
function stoppedAt({ code, realm }: { code: string; realm: RealmName }, destination: RealmName): CanopyError {
  const text = `the errand to ${destination} was stopped at ${realm}: ${code}`;
  return PASSING.has(code) ? new UnreachableError(code, text) : new PeerError(code, text);
}
