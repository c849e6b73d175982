// Which errands this node has answered, so that none is answered twice. Bounded for each origin: when there are too many, the
// oldest is forgotten and everything as old as it is refused from then on.
import type { RealmName } from '../../src/realm/names.ts';

/** Of one origin: more than its rate lets through while an errand is fresh would be 6,000; few ever come near. */
const MAX_OF_ORIGIN = 1024;
/** Origins that are remembered; the quietest is forgotten first. */
const MAX_ORIGINS = 4096;

interface OfOrigin {
  /** Id to time of issue, in the order of coming. */
  readonly ids: Map<string, number>;
  /** Nothing that was issued then or earlier is taken. */
  floor: number;
}

export class SeenErrands {
  readonly #origins = new Map<RealmName, OfOrigin>();

  /** Notes it; false when it was there before, or may have been. */
  add(origin: RealmName, id: Uint8Array, issued: number): boolean {
    const known = this.#origins.get(origin) ?? { ids: new Map<string, number>(), floor: -1 };
    this.#origins.delete(origin);
    this.#origins.set(origin, known);
    this.#forgetQuietest();
    const key = Buffer.from(id).toString('hex');
    if (issued <= known.floor || known.ids.has(key)) return false;
    known.ids.set(key, issued);
    if (known.ids.size > MAX_OF_ORIGIN) forgetOldest(known);
    return true;
  }

  #forgetQuietest(): void {
    const [quietest] = this.#origins.keys();
    if (this.#origins.size > MAX_ORIGINS && quietest !== undefined) this.#origins.delete(quietest);
  }
}

function forgetOldest(known: OfOrigin): void {
  const oldest = Math.min(...known.ids.values());
  known.floor = Math.max(known.floor, oldest);
  for (const [key, issued] of known.ids) if (issued <= known.floor) known.ids.delete(key);
}
