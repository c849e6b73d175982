// Of the emoji data only what the picker shows comes into the bundle: text, name, words to find it by, group; one file a language.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const PREFIX = 'emoji:';
/** Parts of other emoji. */
const COMPONENTS = 2;

interface Entry {
  readonly emoji: string;
  readonly label: string;
  readonly tags?: readonly string[];
  readonly group?: number;
  readonly order?: number;
}

export function emojiPlugin(): Plugin {
  return {
    name: 'canopy-emoji',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load: (id) => (id.startsWith(`\0${PREFIX}`) ? emojiModule(id.slice(PREFIX.length + 1)) : undefined),
  };
}

async function emojiModule(language: string): Promise<string> {
  const file = fileURLToPath(import.meta.resolve(`emojibase-data/${language}/data.json`));
  const entries: readonly Entry[] = JSON.parse(await readFile(file, 'utf8'));
  const rows = entries
    .filter(({ group }) => group !== undefined && group !== COMPONENTS)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ emoji, label, tags = [], group }) => [emoji, label, tags.join(' ').toLowerCase(), group]);
  return `export const rows = ${JSON.stringify(rows)};`;
}
