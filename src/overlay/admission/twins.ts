// `/canopy/twin/1`: are there two live programs with one key (a cloned disk)? Whoever is about to admit a peer under whose id another
// instance is connected already asks that one on its open connection:
//
//   asker  -> elder   16 bytes, the newcomer's instance
//   elder  -> asker   16 bytes, its own instance
//
// An elder that answers within ELDER_DEADLINE is alive: the newcomer is refused (`twin-alive`), and all three know. One that does not
// has died, and its connections are closed: the newcomer is the same program after a restart.
import type { Connection, Stream } from '@libp2p/interface';
import { equals } from 'uint8arrays/equals';
import { fromString } from 'uint8arrays/from-string';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, PeerError, RefusedError } from '../../realm/errors.ts';
import type { RealmName, Role } from '../../realm/names.ts';
import type { OverlayAudit } from '../audit.ts';
import { FramedStream } from '../framed-stream.ts';
import type { Admissions, AdmittedPeer } from './admissions.ts';
import { INSTANCE_BYTES, instanceText, TWIN_ALIVE } from './codec.ts';

export const TWIN_PROTOCOL = '/canopy/twin/1';
/** Within the deadline of admission. */
const ELDER_DEADLINE = 2_000;
const ANSWER_DEADLINE = 5_000;

/**
 * elder: somebody else has shown our key while we run; newcomer: we were refused because another one runs with our key; other: both of
 * them are of the realm that is named.
 */
export interface TwinEvent {
  readonly we: 'elder' | 'newcomer' | 'other';
  readonly realm: RealmName;
  readonly role: Role;
}

export interface TwinsComponents {
  readonly self: { readonly realm: RealmName; readonly role: Role };
  readonly admissions: Admissions;
  readonly instance: Uint8Array;
  readonly clock: Clock;
  readonly audit: OverlayAudit;
}

export class Twins {
  readonly #parts: TwinsComponents;
  readonly #listeners = new Set<(event: TwinEvent) => void>();
  readonly #stopping = new AbortController();

  constructor(components: TwinsComponents) {
    this.#parts = components;
  }

  stop(): void {
    this.#stopping.abort(new Error('The host is stopping'));
  }

  onTwin(listener: (event: TwinEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws RefusedError `twin-alive` */
  async assertAlone(newcomer: AdmittedPeer): Promise<void> {
    const { admissions } = this.#parts;
    const elder = admissions.get(newcomer.peerId);
    if (!elder || elder.instance === newcomer.instance) return;
    const connections = admissions.connections(newcomer.peerId);
    const alive = await Promise.all(connections.map((connection) => this.#isAlive(connection, elder, newcomer)));
    if (alive.includes(true)) {
      this.#tell('other', newcomer, newcomer.peerId);
      throw new RefusedError(TWIN_ALIVE, `another program with the key of ${newcomer.role} ${newcomer.realm} is alive`);
    }
    for (const connection of connections) connection.abort(new PeerError('replaced', 'its program was started again'));
  }

  /** A peer has refused us for this reason. */
  refused(): void {
    this.#tell('newcomer', this.#parts.self);
  }

  /** Answers as the elder. */
  async answer(raw: Stream, peer: AdmittedPeer): Promise<void> {
    const stream = framed(raw, peer);
    const { clock, instance, self } = this.#parts;
    try {
      await within(clock, ANSWER_DEADLINE, 'question', this.#stopping.signal, async (signal) => {
        const newcomer = await stream.read(signal);
        if (!newcomer || newcomer.length !== INSTANCE_BYTES) throw new PeerError('malformed', 'expected an instance');
        await stream.write(instance, signal);
        if (!equals(newcomer, instance)) this.#tell('elder', self);
        await stream.close();
      });
    } catch (error) {
      stream.abort(asError(error));
    }
  }

  async #isAlive(connection: Connection, elder: AdmittedPeer, newcomer: AdmittedPeer): Promise<boolean> {
    try {
      return await within(this.#parts.clock, ELDER_DEADLINE, 'answer', this.#stopping.signal, async (signal) => {
        const stream = framed(await connection.newStream([TWIN_PROTOCOL], { signal }), elder);
        await stream.write(fromString(newcomer.instance, 'hex'), signal);
        const answer = await stream.read(signal);
        stream.abort(new Error('answered'));
        return answer !== undefined && instanceText(answer) === elder.instance;
      });
    } catch {
      return false;
    }
  }

  #tell(we: TwinEvent['we'], { realm, role }: { realm: RealmName; role: Role }, peerId?: string): void {
    this.#parts.audit({ code: 'twin-detected', reason: we, realm, role, ...(peerId ? { peerId } : {}) });
    for (const listener of this.#listeners) listener({ we, realm, role });
  }
}

function framed(raw: Stream, peer: AdmittedPeer): FramedStream {
  return new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: INSTANCE_BYTES });
}
