// Claims of witnesses that nothing proves: that a message with a higher number came to them. One may be true, when a disk was put back
// to an earlier state, and then a new incarnation sets it right. A liar would have the node take one after the other: so the word
// of each counts once a day. A disk that is put back forgets it together with the numbers.
//
//   ('incarnation-claim', witness)  decimal text: when its word last counted, milliseconds since 1970
import type { Clock } from '../../src/realm/clock.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';

export interface ClaimsComponents {
  readonly database: Pick<Database, 'get' | 'commit'>;
  readonly clock: Pick<Clock, 'now'>;
}

const ONCE_IN = 24 * 60 * 60 * 1000;

export class Claims {
  readonly #parts: ClaimsComponents;

  constructor(components: ClaimsComponents) {
    this.#parts = components;
  }

  /** Whether the word of this witness counts now; then it is on disk that it did. */
  async counts(witness: RealmName): Promise<boolean> {
    const { database, clock } = this.#parts;
    const at = key('incarnation-claim', witness);
    const stored = await database.get(at);
    const now = clock.now();
    if (stored && Math.abs(now - Number(new TextDecoder().decode(stored))) < ONCE_IN) return false;
    await database.commit([{ type: 'put', key: at, value: new TextEncoder().encode(String(now)) }]);
    return true;
  }
}
