// Tells the users of the library of messages: each once, and once more when it could not be read at first. One message is looked at by
// several parts at one time (as it comes, in a page of history, when a key is here), and each of them may be the one that can read it.
import type { FrameMessage } from '../protocols/lan/wire.ts';
import type { MessageId } from '../realm/ids.ts';
import { isMessage, readMessage } from './bodies.ts';
import type { Emitter } from './emitter.ts';
import type { People } from './people.ts';
import type { ClientEvents, Me } from './surface.ts';
import type { OpenedEvent } from './timeline/events.ts';

/** Messages of which is known that they were told. */
const MAX_TOLD = 20_000;

export interface TellingComponents {
  readonly events: Pick<Emitter<ClientEvents>, 'emit'>;
  readonly people: Pick<People, 'known' | 'byId'>;
  readonly me: Me;
}

export class Telling {
  readonly #c: TellingComponents;
  readonly #told = new Map<MessageId, 'readable' | 'unread'>();

  constructor(components: TellingComponents) {
    this.#c = components;
  }

  async tell(message: FrameMessage, event: OpenedEvent): Promise<void> {
    const { id } = message;
    const told = this.#told.get(id);
    const state = event.problem === undefined ? 'readable' : 'unread';
    if (!isMessage(event) || told === 'readable' || told === state) return;
    this.#remember(id, state);
    const { events, people, me } = this.#c;
    const shown = await readMessage(message, event, people, me.user.id);
    // Meanwhile its key may have come.
    if (state === 'readable' || this.#told.get(id) !== 'readable') events.emit('message', shown);
  }

  #remember(id: MessageId, state: 'readable' | 'unread'): void {
    this.#told.set(id, state);
    if (this.#told.size <= MAX_TOLD) return;
    const [oldest] = this.#told.keys();
    if (oldest) this.#told.delete(oldest);
  }
}
