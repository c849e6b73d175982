// Tells of new messages through the browser's own notifications, while the page is not looked at. Off until the person wants them; what
// they say is the person's choice, since a locked screen may show them.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Message } from '../../../src/client/client.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import type { Wording } from './wording.ts';

export type NotifyPermission = 'granted' | 'denied' | 'default' | 'unsupported';

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** One notification for each conversation: a later one takes its place. */
  readonly tag: string;
  onClick(): void;
}

/** The browser's part. */
export interface NoticeBoard {
  readonly permission: NotifyPermission;
  ask(): Promise<NotifyPermission>;
  show(notice: Notice): void;
}

export interface NotificationsComponents {
  readonly client: Pick<PageClient, 'on'>;
  readonly board: NoticeBoard;
  readonly store: LocalStore;
  readonly attentive: ReadonlySignal<boolean>;
  readonly words: ReadonlySignal<Wording>;
  readonly onOpen: (conversation: Message['conversation']) => void;
}

const ON_KEY = 'canopy.notify';
const TEXT_KEY = 'canopy.notifyText';
/** Letters of a message that a notification shows. */
const MAX_BODY = 140;

export class Notifications {
  readonly permission: Signal<NotifyPermission>;
  readonly on: Signal<boolean>;
  readonly showsText: Signal<boolean>;
  readonly #components: NotificationsComponents;
  /** A message is told again when it can be read; a person hears of it once. */
  readonly #told = new Set<string>();
  #stops: (() => void)[] = [];

  constructor(components: NotificationsComponents) {
    this.#components = components;
    this.permission = signal(components.board.permission);
    this.on = signal(readLocal(components.store, ON_KEY) === 'on' && components.board.permission === 'granted');
    this.showsText = signal(readLocal(components.store, TEXT_KEY) === 'on');
  }

  /** Those of a backlog are no news: counting begins once the connection is live. */
  start(): void {
    const { client } = this.#components;
    let isLive = false;
    this.#stops.push(
      client.on('connection', ({ state }) => {
        isLive = state === 'live';
      }),
      client.on('message', (message) => isLive && this.#tell(message)),
    );
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#told.clear();
  }

  async set(on: boolean): Promise<void> {
    if (on) this.permission.value = await this.#components.board.ask();
    this.on.value = on && this.permission.value === 'granted';
    writeLocal(this.#components.store, ON_KEY, this.on.value ? 'on' : '');
  }

  setShowsText(shows: boolean): void {
    this.showsText.value = shows;
    writeLocal(this.#components.store, TEXT_KEY, shows ? 'on' : '');
  }

  #tell({ id, conversation, mine, from, text }: Message): void {
    const { attentive, board, onOpen, words } = this.#components;
    if (!this.on.value || mine || text === undefined || attentive.value || this.#told.has(id)) return;
    this.#told.add(id);
    const { t } = words.value;
    const shows = this.showsText.value;
    board.show({
      title: shows ? from.name : t('app.name'),
      body: shows ? shortened(text) : t('notify.new'),
      tag: conversation,
      onClick: () => onOpen(conversation),
    });
  }
}

function shortened(text: string): string {
  const letters = [...text];
  return letters.length <= MAX_BODY ? text : `${letters.slice(0, MAX_BODY - 1).join('')}…`;
}
