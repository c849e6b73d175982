// The destination's side of `/canopy/deliver/1` (src/protocols/deliver): greets, checks, hands batches to the flow of their
// origin, and acknowledges what is on disk. A bad peer ends its own stream, nothing else.
import type { Stream } from '../../src/overlay/seam.ts';
import {
  type Ack,
  decodeDeliverFrame,
  encodeDeliverFrame,
  type Hello,
  MAX_SET_ASIDE,
  type SetAside,
} from '../../src/protocols/deliver/frames.ts';
import { DELIVER_VERSIONS, HELLO_DEADLINE } from '../../src/protocols/deliver/index.ts';
import { NO_MARKS } from '../../src/protocols/deliver/mark-set.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { codeOf, LocalError, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Audit } from '../audit/audit.ts';
import { assertCertified, type OriginKeys, verifierOf } from './batch-signing.ts';
import type { Inbound } from './inbound.ts';
import { type BatchContext, type OpenedBatch, openBatch } from './opened-batch.ts';

export interface DeliverServerComponents {
  readonly realm: RealmName;
  readonly keys: OriginKeys;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly audit: Pick<Audit, 'record'>;
  readonly log: Log;
  readonly inboundOf: (origin: RealmName) => Promise<Inbound>;
}

/** Batches of one stream that may wait for the disk; then nothing more is read from it. */
const MAX_WAITING = 8;
/** Milliseconds that a peer who is refused may take to make room for the reason. */
const REFUSAL_DEADLINE = 2_000;
/** Milliseconds between two records of the same realm and reason: the audit log is kept for ever. */
const AUDIT_EACH = 60_000;

export class DeliverServer {
  readonly #parts: DeliverServerComponents;
  readonly #audited = new Map<string, number>();

  constructor(parts: DeliverServerComponents) {
    this.#parts = parts;
  }

  /** Serves one stream to its end. Never rejects. */
  async serve(stream: Stream, signal: AbortSignal): Promise<void> {
    try {
      const { inbound, context } = await this.#greet(stream, signal);
      await new ServedStream(stream, inbound, context).run(signal);
    } catch (error) {
      if (signal.aborted) stream.abort(new PeerError('stopping', 'this node stops'));
      else await this.#refuse(stream, error, signal);
    }
  }

  async #greet(stream: Stream, signal: AbortSignal): Promise<{ inbound: Inbound; context: BatchContext }> {
    const { realm, keys, clock, inboundOf } = this.#parts;
    return within(clock, HELLO_DEADLINE, `hello of ${stream.peer.realm}`, signal, async (soon) => {
      const hello = expectHello(await stream.read(soon));
      checkHello(hello, stream, realm);
      const version = chooseVersion(hello, stream.peer.realm);
      const verify = await verifierOf(keys, hello.chain, hello.origin);
      await assertCertified(keys, hello.certificate, hello);
      const inbound = await inboundOf(hello.origin);
      if (hello.incarnation < inbound.incarnation) {
        throw new RefusedError(
          'stale-incarnation',
          `${hello.origin} is at ${inbound.incarnation}, not ${hello.incarnation}`,
        );
      }
      inbound.checkLeap(hello.incarnation);
      await stream.write(encodeDeliverFrame({ kind: 'welcome', version, marks: inbound.marks }), soon);
      const { origin, incarnation } = hello;
      return { inbound, context: { origin, incarnation, destination: realm, verify } };
    });
  }

  async #refuse(stream: Stream, error: unknown, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts;
    const code = error instanceof LocalError ? 'busy' : codeOf(error);
    const { realm } = stream.peer;
    // A reset is how the other node's stop and a change of path look from here.
    log[code === 'stream-reset' ? 'info' : 'warn']({ peer: realm, code, err: error }, 'deliver stream ended');
    if (error instanceof RefusedError) await this.#record(realm, code);
    const frame = encodeDeliverFrame({ kind: 'refusal', code: code.slice(0, 64) });
    const write = (soon: AbortSignal) => stream.write(frame, soon);
    await within(clock, REFUSAL_DEADLINE, 'room for a refusal', signal, write).catch(() => {});
    // A reset would overtake the reason: whoever is refused by name gets to read it.
    if (error instanceof RefusedError) await stream.close().catch(() => {});
    else stream.abort(error instanceof Error ? error : new PeerError('stream-failed', String(error)));
  }

  async #record(realm: RealmName, code: string): Promise<void> {
    const { audit, clock } = this.#parts;
    const which = `${realm}/${code}`;
    const now = clock.now();
    if (now - (this.#audited.get(which) ?? Number.NEGATIVE_INFINITY) < AUDIT_EACH) return;
    this.#audited.set(which, now);
    await audit.record({ code: 'delivery-refused', actor: realm, fields: { why: code } }).catch(() => {});
  }
}

function expectHello(frame: Uint8Array | undefined): Hello {
  const decoded = frame && decodeDeliverFrame(frame);
  if (decoded?.kind === 'hello') return decoded;
  throw new PeerError('frame-malformed', 'a deliver stream begins with a hello');
}

/** The highest that both speak. @throws RefusedError `version-unknown` */
function chooseVersion({ versions }: Hello, realm: RealmName): number {
  const version = DELIVER_VERSIONS.find((one) => versions.includes(one));
  if (version !== undefined) return version;
  const ours = DELIVER_VERSIONS.join(', ');
  throw new RefusedError('version-unknown', `${realm} speaks versions ${versions.join(', ')}; we speak ${ours}`);
}

function checkHello(hello: Hello, { peer }: Stream, realm: RealmName): void {
  if (peer.role !== 'node' || hello.origin !== peer.realm || hello.origin === realm) {
    throw new RefusedError('origin-foreign', `${peer.role} ${peer.realm} delivers for ${hello.origin}`);
  }
  if (hello.destination !== realm) {
    throw new RefusedError('destination-foreign', `a delivery for ${hello.destination} came to ${realm}`);
  }
}

/** One greeted stream: reads ahead of the disk by a few batches, acknowledges behind it. */
class ServedStream {
  readonly #stream: Stream;
  readonly #inbound: Inbound;
  readonly #context: BatchContext;
  readonly #ended = new AbortController();
  readonly #toAck = new Map<number, SetAside[]>();
  readonly #ack = new Bell();
  readonly #room = new Bell();
  #waiting = 0;
  /** No acknowledgement is on its way out. */
  #acked = true;

  constructor(stream: Stream, inbound: Inbound, context: BatchContext) {
    this.#stream = stream;
    this.#inbound = inbound;
    this.#context = context;
  }

  /** Resolves when the origin has ended the stream and all of it is acknowledged. */
  async run(outer: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([outer, this.#ended.signal]);
    const acknowledging = this.#acknowledge(signal);
    try {
      await this.#readAll(signal);
      while (this.#waiting > 0 || this.#toAck.size > 0 || !this.#acked) await this.#room.heard(signal);
      this.#ended.abort();
      await this.#stream.close();
    } finally {
      this.#ended.abort();
      await acknowledging;
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      while (this.#waiting >= MAX_WAITING) await this.#room.heard(signal);
      const frame = await this.#stream.read(signal);
      if (!frame) return;
      const batch = decodeDeliverFrame(frame);
      if (batch.kind !== 'batch') throw new PeerError('frame-malformed', `a ${batch.kind} is not for a destination`);
      this.#waiting++;
      void this.#take(openBatch(batch, this.#context));
    }
  }

  async #take(batch: OpenedBatch): Promise<void> {
    const { incarnation } = batch.header;
    try {
      const setAside = await this.#inbound.take(batch, this.#stream.path);
      this.#toAck.set(incarnation, [...(this.#toAck.get(incarnation) ?? []), ...setAside]);
      this.#waiting--;
      this.#ack.ring();
    } catch (error) {
      this.#ended.abort(error);
    }
    this.#room.ring();
  }

  async #acknowledge(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#ack.heard(signal);
        for (let ack = this.#nextAck(); ack; ack = this.#nextAck()) {
          await this.#stream.write(encodeDeliverFrame(ack), signal);
        }
        this.#acked = true;
        this.#room.ring();
      }
    } catch (error) {
      this.#ended.abort(error);
    }
  }

  /** Says all that is on disk by now; several batches share one. */
  #nextAck(): Ack | undefined {
    for (const [incarnation, setAside] of this.#toAck) {
      this.#acked = false;
      const rest = setAside.slice(MAX_SET_ASIDE);
      if (rest.length > 0) this.#toAck.set(incarnation, rest);
      else this.#toAck.delete(incarnation);
      const marks = this.#inbound.marks.get(incarnation) ?? NO_MARKS;
      return { kind: 'ack', incarnation, marks, setAside: setAside.slice(0, MAX_SET_ASIDE) };
    }
    return undefined;
  }
}
