// What this device knows of conversations without having joined them: what other devices of the user keep in the vault says it.
import type { RosterKind } from '../crypto/roster.ts';
import type { ConversationId, UserId } from '../realm/ids.ts';
import type { Engine } from './engine/engine.ts';

export class Knowing {
  readonly #engine: Pick<Engine, 'kind' | 'present'>;
  readonly #kinds = new Map<ConversationId, RosterKind>();

  constructor(engine: Pick<Engine, 'kind' | 'present'>) {
    this.#engine = engine;
  }

  /** Never changes. */
  async kindOf(conversation: ConversationId): Promise<RosterKind | undefined> {
    const kind = this.#kinds.get(conversation) ?? (await this.#engine.kind(conversation));
    if (kind !== undefined) this.#kinds.set(conversation, kind);
    return kind;
  }

  async membersOf(conversation: ConversationId): Promise<readonly UserId[]> {
    const group = await this.#engine.present(conversation);
    return group?.roster.members.map(({ user }) => user) ?? [];
  }
}
