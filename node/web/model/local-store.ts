// The page's own small place: what a person chose and has not sent yet. It may be missing or full, as in a private
// window: then things work and are forgotten at the end.

/** The part of the browser's Storage that is used. */
export interface LocalStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export function readLocal(store: LocalStore, key: string): string | undefined {
  try {
    return store.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** An empty value removes the key. */
export function writeLocal(store: LocalStore, key: string, value: string): void {
  try {
    if (value === '') store.removeItem(key);
    else store.setItem(key, value);
  } catch {
    // full or forbidden: what is on the screen stays, only a reload forgets it
  }
}

export function memoryStore(): LocalStore {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
