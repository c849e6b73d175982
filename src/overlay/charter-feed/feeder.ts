// The node's side of `/canopy/charter/1`: tells one relay what the charter says, and then what changes, while it is connected.
import type { Connection } from '@libp2p/interface';
import { Bell } from '../../realm/bell.ts';
import { type Clock, sleep } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, codeOf, messageOf, PeerError, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { Admissions } from '../admission/admissions.ts';
import { FramedStream } from '../framed-stream.ts';
import {
  ANSWER_DEADLINE,
  CHARTER_PROTOCOL,
  type CharterFrame,
  decodeCharterAnswer,
  encodeCharterFrame,
  MAX_BATCH_BYTES,
  MAX_CHARTER_FRAME,
  MAX_ITEMS,
} from './index.ts';

/** What a relay is told. Lists and agreements that did not change are the same objects. */
export interface CharterSource {
  /** The newest revocation list of each authority, parents before children. */
  crls(): readonly Uint8Array[];
  /** Signed agreements in force. */
  agreements(): readonly Uint8Array[];
  onChange(listener: () => void): () => void;
}

export interface CharterFeederComponents {
  readonly source: CharterSource;
  readonly admissions: Admissions;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY = 5_000;

export class CharterFeeder {
  readonly #parts: CharterFeederComponents;

  constructor(components: CharterFeederComponents) {
    this.#parts = components;
  }

  /** Tells the relay behind this connection until it ends. Never rejects. */
  async feed(relay: Connection): Promise<void> {
    const ended = new AbortController();
    const end = (): void => ended.abort(new UnreachableError('relay-away', 'the own relay has gone'));
    relay.addEventListener('close', end, { once: true });
    if (relay.status !== 'open') end();
    while (!ended.signal.aborted) {
      await this.#tell(relay, ended.signal).catch((error) => {
        if (ended.signal.aborted) return;
        this.#parts.log.warn({ code: codeOf(error), error: messageOf(error) }, 'charter not told to the own relay');
      });
      await sleep(this.#parts.clock, RETRY, ended.signal).catch(() => {});
    }
  }

  async #tell(relay: Connection, signal: AbortSignal): Promise<void> {
    const stream = await this.#open(relay, signal);
    const bell = new Bell();
    const unsubscribe = this.#parts.source.onChange(() => bell.ring());
    const told = new Told();
    try {
      for (;;) {
        for (const frame of told.next(this.#parts.source)) await this.#send(stream, frame, signal);
        await bell.heard(signal);
      }
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    } finally {
      unsubscribe();
    }
  }

  async #open(relay: Connection, signal: AbortSignal): Promise<FramedStream> {
    const peer = this.#parts.admissions.get(relay.remotePeer.toString());
    if (!peer) throw new UnreachableError('relay-away', 'the own relay is no longer admitted');
    const raw = await within(this.#parts.clock, ANSWER_DEADLINE, 'stream to the own relay', signal, (limited) =>
      relay.newStream([CHARTER_PROTOCOL], { signal: limited }),
    );
    return new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: MAX_CHARTER_FRAME });
  }

  async #send(stream: FramedStream, frame: CharterFrame, signal: AbortSignal): Promise<void> {
    await within(this.#parts.clock, ANSWER_DEADLINE, 'answer of the own relay', signal, async (limited) => {
      await stream.write(encodeCharterFrame(frame), limited);
      const answer = await stream.read(limited);
      if (!answer) throw new PeerError('stream-cut-short', 'the own relay ended the charter');
      const refusal = decodeCharterAnswer(answer);
      if (refusal !== undefined) throw new PeerError(refusal, `the own relay did not keep the charter: ${refusal}`);
    });
  }
}

/** What one stream has carried. */
class Told {
  #crls = new Set<Uint8Array>();
  #agreements: ReadonlySet<Uint8Array> | undefined;

  next(source: CharterSource): CharterFrame[] {
    const crls = source.crls();
    const fresh = crls.filter((crl) => !this.#crls.has(crl));
    this.#crls = new Set(crls);
    const frames: CharterFrame[] = batches(fresh).map((items) => ({ kind: 'crls', items }));
    const agreements = source.agreements();
    const isSame =
      agreements.length === this.#agreements?.size && agreements.every((one) => this.#agreements?.has(one));
    if (!isSame) frames.push(...agreementFrames(agreements));
    this.#agreements = new Set(agreements);
    return frames;
  }
}

/** The first replaces what was told before, even when there is nothing to tell. */
function agreementFrames(agreements: readonly Uint8Array[]): CharterFrame[] {
  const [first = [], ...further] = batches(agreements);
  return [{ kind: 'trusts', items: first }, ...further.map((items) => ({ kind: 'more-trusts', items }) as const)];
}

function batches(items: readonly Uint8Array[]): Uint8Array[][] {
  const all: Uint8Array[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const last = all.at(-1);
    if (!last || last.length === MAX_ITEMS || size + item.length > MAX_BATCH_BYTES) {
      all.push([item]);
      size = item.length;
    } else {
      last.push(item);
      size += item.length;
    }
  }
  return all;
}
