// What the rest of the node sees of errands: questions to nodes of any realm below the same root, and answers to theirs.
import type { RealmName } from '../../src/realm/names.ts';

/** @throws CanopyError: its code is the refusal that the asker gets; anything else becomes `internal` */
export type ErrandHandler = (origin: RealmName, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface Errands {
  /**
   * The destination's answer, proven to be its own. Bodies have at most MAX_BODY bytes; the whole takes at most 30 s.
   * @throws UnreachableError `no-way`, `timeout`, `busy`, `errand-rate`; RefusedError with the destination's code, which it has
   * signed; PeerError with a hop's code, and when what came back proves nothing
   */
  ask(destination: RealmName, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** One handler for each kind; set before the node starts. */
  answer(kind: string, handler: ErrandHandler): void;
}
