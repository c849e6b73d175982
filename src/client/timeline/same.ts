// Whether two things that are shown say the same, so that the one that is there already can stay.
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // maps are made anew only when they change
  if (a instanceof Map || b instanceof Map) return a instanceof Map && b instanceof Map && a.size === 0 && b.size === 0;
  if (a instanceof Uint8Array || b instanceof Uint8Array) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
}
