// What this node has of each other realm's sequence, and the envelopes that were set aside because they could not be
// processed. A poison envelope stays here for an operator; the queue goes on without it.
//
//   ('inbound', 'marks', origin, incarnation)     -> [watermark, [[first, last], …]]
//   ('inbound', 'aside', origin, incarnation, n)  -> [at, code, envelope]
import { MAX_ENVELOPE } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { MAX_RANGES } from '../../src/protocols/deliver/index.ts';
import type { Marks } from '../../src/protocols/deliver/mark-set.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { KeyRange, Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';

export interface SetAsideEnvelope {
  readonly incarnation: number;
  readonly n: number;
  readonly at: number;
  readonly code: string;
  readonly bytes: Uint8Array;
}

const MAX_MARKS = 8 * 1024;

export function marksWrite(origin: RealmName, incarnation: number, marks: Marks): Write {
  const value = encodeItem([marks.watermark, marks.ranges]);
  return { type: 'put', key: key('inbound', 'marks', origin, incarnation), value };
}

export function marksRemoval(origin: RealmName, incarnation: number): Write {
  return { type: 'del', key: key('inbound', 'marks', origin, incarnation) };
}

export function asideWrite(origin: RealmName, { incarnation, n, at, code, bytes }: SetAsideEnvelope): Write {
  return { type: 'put', key: key('inbound', 'aside', origin, incarnation, n), value: encodeItem([at, code, bytes]) };
}

export class InboundStore {
  readonly #database: Pick<Database, 'iterate'>;

  constructor(database: Pick<Database, 'iterate'>) {
    this.#database = database;
  }

  /** By incarnation, the lowest first. */
  async marks(origin: RealmName): Promise<Map<number, Marks>> {
    const found = new Map<number, Marks>();
    for await (const [at, value] of this.#database.iterate(under('inbound', 'marks', origin))) {
      const fields = new Fields(decodeStrict(value, MAX_MARKS), 'marks', 2);
      const watermark = fields.uint();
      const ranges = fields.list(MAX_RANGES).map((item): [number, number] => {
        const range = new Fields(item, 'range', 2);
        return [range.uint(), range.uint()];
      });
      found.set(Number(parseKey(at)[3]), { watermark, ranges });
    }
    return found;
  }

  setAside(origin: RealmName, limit: number): Promise<SetAsideEnvelope[]> {
    return this.#aside({ ...under('inbound', 'aside', origin), limit });
  }

  /** Of one incarnation, the highest numbers first. */
  newestAside(origin: RealmName, incarnation: number, limit: number): Promise<SetAsideEnvelope[]> {
    return this.#aside({ ...under('inbound', 'aside', origin, incarnation), limit, reverse: true });
  }

  /** The last number of each incarnation, the lowest incarnation first. */
  async ends(origin: RealmName): Promise<Map<number, number>> {
    const marks = await this.marks(origin);
    return new Map([...marks].map(([of, { watermark, ranges }]) => [of, ranges.at(-1)?.[1] ?? watermark]));
  }

  async #aside(range: KeyRange): Promise<SetAsideEnvelope[]> {
    const found: SetAsideEnvelope[] = [];
    for await (const [at, value] of this.#database.iterate(range)) {
      const [incarnation, n] = parseKey(at).slice(3).map(Number);
      const fields = new Fields(decodeStrict(value, MAX_ENVELOPE + 256), 'envelope set aside', 3);
      const terms = { at: fields.uint(), code: fields.text(64), bytes: fields.bytes(MAX_ENVELOPE) };
      found.push({ incarnation: incarnation ?? 0, n: n ?? 0, ...terms });
    }
    return found;
  }
}
