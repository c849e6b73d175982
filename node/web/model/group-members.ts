// Who is in a group with which role, as this device knows it; asked again when it changed.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { GroupMembers as Members } from '../../../src/client/groups.ts';
import { type GroupAct, mayAct } from '../../../src/crypto/mls/rights.ts';
import type { ConversationId, UserId } from '../../../src/realm/ids.ts';
import type { PageClient } from './page-client.ts';

export interface GroupMembersComponents {
  readonly client: Pick<PageClient, 'groups' | 'on'>;
  readonly me: UserId;
}

export class GroupMembers {
  readonly #components: GroupMembersComponents;
  readonly #groups = new Map<ConversationId, Signal<Members | undefined>>();
  /** Answered for, as against not asked yet. */
  readonly #asked: Signal<ReadonlySet<ConversationId>> = signal(new Set());
  #stop: () => void = () => {};

  constructor(components: GroupMembersComponents) {
    this.#components = components;
  }

  start(): void {
    this.#stop = this.#components.client.on('members', ({ conversation }) => void this.#ask(conversation));
  }

  stop(): void {
    this.#stop();
  }

  /** Undefined until it is known, and for somebody who is not in it. */
  of(conversation: ConversationId): ReadonlySignal<Members | undefined> {
    const known = this.#groups.get(conversation);
    if (known) return known;
    const fresh: Signal<Members | undefined> = signal(undefined);
    this.#groups.set(conversation, fresh);
    void this.#ask(conversation);
    return fresh;
  }

  /** Whether it is certain that the person is not in it. */
  isOut(conversation: ConversationId): boolean {
    const group = this.of(conversation).value;
    if (!this.#asked.value.has(conversation)) return false;
    return !group?.members.some(({ user }) => user === this.#components.me);
  }

  /** Whether the person may do that there. */
  mayI(conversation: ConversationId, act: GroupAct): boolean {
    const group = this.of(conversation).value;
    if (!group) return false;
    const ownersGone = !group.members.some(({ role }) => role === 'owner');
    return mayAct(group, { user: this.#components.me, ownersGone }, act);
  }

  async #ask(conversation: ConversationId): Promise<void> {
    const group = this.#groups.get(conversation);
    if (!group) return;
    // asked as a promise, so that a locked account refuses in the same way
    const ask = async () => this.#components.client.groups.members(conversation);
    group.value = await ask().catch(() => undefined);
    this.#asked.value = new Set([...this.#asked.peek(), conversation]);
  }
}
