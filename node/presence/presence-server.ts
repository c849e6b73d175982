// Another realm's looking at our users: one stream that it opened. It gets the state of each user whom it names and then
// their changes; it tells who types there to users here.
import type { Stream } from '../../src/overlay/seam.ts';
import { decodePresenceFrame, encodePresenceFrame, type TypingFrame } from '../../src/protocols/presence/frames.ts';
import { MAX_STATES, MAX_TYPING_RATE } from '../../src/protocols/presence/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Directory } from '../directory/directory.ts';
import type { LocalPresence } from './local-presence.ts';
import { UpdatePacer } from './update-pacer.ts';

export interface PresenceServerComponents {
  readonly realm: RealmName;
  readonly clock: Clock;
  readonly directory: Pick<Directory, 'findById'>;
  readonly local: LocalPresence;
  /** As PresenceInit has it. */
  readonly mayTell?: (realm: RealmName, user: UserId) => Promise<boolean>;
  readonly onTyping: (frame: TypingFrame) => void;
}

const SECOND = 1000;

export class PresenceServer {
  readonly #parts: PresenceServerComponents;
  readonly #stream: Stream;
  readonly #pacer: UpdatePacer;
  #watched: ReadonlySet<UserId> = new Set();
  #writing: Promise<void> = Promise.resolve();
  /** Users whose state is to be told by the next write: a slow reader makes no queue. */
  readonly #due = new Set<UserId>();
  #second = 0;
  #typed = 0;

  constructor(parts: PresenceServerComponents, stream: Stream) {
    this.#parts = parts;
    this.#stream = stream;
    this.#pacer = new UpdatePacer(parts.clock, (users) => this.#tell(users));
  }

  /** Serves the stream to its end. Rejects when it broke. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#parts.local.onChange((user) => {
      if (this.#watched.has(user)) this.#pacer.changed(user);
    });
    try {
      for (let frame = await this.#stream.read(signal); frame; frame = await this.#stream.read(signal))
        await this.#take(frame);
      await this.#stream.close();
    } finally {
      unsubscribe();
      this.#pacer.stop();
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const frame = decodePresenceFrame(bytes);
    if (frame.kind === 'watch') await this.#watch(frame.users);
    else if (frame.kind === 'typing') this.#type(frame);
    else throw new PeerError('frame-malformed', 'states are not for the acceptor');
  }

  async #watch(users: readonly UserId[]): Promise<void> {
    const { directory, mayTell, realm } = this.#parts;
    const own = users.filter((user) => directory.findById(user)?.home === realm);
    const told = await Promise.all(own.map((user) => mayTell?.(this.#stream.peer.realm, user)));
    const before = this.#watched;
    this.#watched = new Set(own.filter((_, i) => told[i] !== false));
    this.#tell([...this.#watched].filter((user) => !before.has(user)));
  }

  /** Only a user of the opener's realm can type there. */
  #type(frame: TypingFrame): void {
    const second = Math.floor(this.#parts.clock.monotonic() / SECOND);
    if (second !== this.#second) this.#typed = 0;
    this.#second = second;
    if (++this.#typed > MAX_TYPING_RATE) return;
    if (this.#parts.directory.findById(frame.user)?.home === this.#stream.peer.realm) this.#parts.onTyping(frame);
  }

  #tell(users: readonly UserId[]): void {
    if (users.length === 0) return;
    const idle = this.#due.size === 0;
    for (const user of users) this.#due.add(user);
    if (idle)
      this.#writing = this.#writing.then(() => this.#write()).catch((error: Error) => this.#stream.abort(error));
  }

  async #write(): Promise<void> {
    while (this.#due.size > 0) {
      const users = [...this.#due].slice(0, MAX_STATES);
      for (const user of users) this.#due.delete(user);
      const states = users.map((user) => this.#parts.local.stateOf(user));
      await this.#stream.write(encodePresenceFrame({ kind: 'states', states }));
    }
  }
}
