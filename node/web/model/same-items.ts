// What is shown is made anew by each look; what says the same stays the same object, so that nothing is drawn again for it.
import type { Timeline } from '../../../src/client/timeline/view.ts';

type ShownItem = Timeline['items'][number];

export function keepSame(before: ReadonlyMap<string, ShownItem>, items: readonly ShownItem[]): readonly ShownItem[] {
  return items.map((item) => {
    const known = before.get(item.id);
    return known && saysTheSame(known, item) ? known : item;
  });
}

function saysTheSame(a: object, b: object): boolean {
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
}

/** Objects and lists by what is in them; maps, which are made anew only when they change, by themselves. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Map || b instanceof Map) return a instanceof Map && b instanceof Map && a.size === 0 && b.size === 0;
  if (a instanceof Uint8Array || b instanceof Uint8Array) return false;
  return saysTheSame(a, b);
}
