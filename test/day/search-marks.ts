// Looks for what must not be there: in every file below a folder, in every row of the databases among them (whose files are compressed),
// and in what clients send. A mark is found as it is and in base64, wherever it begins there.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Level } from 'level';

/** The letters of base64 that do not depend on what stands before and after. */
function inBase64(mark: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), mark]).toString('base64url');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor(((shift + mark.length) * 8) / 6);
  return text.slice(first, last);
}

/** Words, or bytes of a file. */
export type Mark = string | Uint8Array;

export function holds(where: Uint8Array, mark: Mark): boolean {
  const bytes = Buffer.from(mark);
  const text = Buffer.from(where.buffer, where.byteOffset, where.byteLength);
  const encoded = [0, 1, 2].map((shift) => inBase64(bytes, shift));
  const forms = [
    bytes,
    bytes.toString('hex'),
    ...encoded,
    ...encoded.map((one) => one.replaceAll('-', '+').replaceAll('_', '/')),
  ];
  return forms.some((form) => text.includes(form));
}

/** Where below the folder each mark is found; the databases must not be open. */
export async function marksBelow(
  folder: string,
  marks: readonly Mark[],
): Promise<ReadonlyMap<Mark, readonly string[]>> {
  const found = new Map<Mark, string[]>(marks.map((mark) => [mark, []]));
  const look = (where: string, bytes: Uint8Array) => {
    for (const [mark, places] of found) if (holds(bytes, mark)) places.push(where);
  };
  const databases: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    look(`the name ${name}`, Buffer.from(name));
    const path = join(folder, name);
    if (!(await stat(path)).isFile()) continue;
    look(name, await readFile(path));
    if (basename(name) === 'CURRENT') databases.push(dirname(name));
  }
  // After the files: to open a database changes them.
  for (const name of databases) await eachRow(join(folder, name), (row) => look(`rows of ${name}`, row));
  return found;
}

async function eachRow(folder: string, look: (row: Uint8Array) => void): Promise<void> {
  const store = new Level<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: false,
  });
  await store.open();
  try {
    for await (const [key, value] of store.iterator()) {
      look(key);
      look(value);
    }
  } finally {
    await store.close();
  }
}
