// What `canopy chat` keeps between two runs: the device's keys and the client's small things (client.json), the secret of the cache
// (cache-key) and the cache itself. A chat that kept nothing would be a new device each time, which can't read what was written to the
// one before. All of it is for its owner alone (0700, 0600), and one run uses it at a time. When the device is wiped, the secret goes
// before what it opens.
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeCacheSecret } from '../../src/client/cache/cache-secret.ts';
import { SealedCache } from '../../src/client/cache/sealed-cache.ts';
import type { ClientInit, ClientStorage } from '../../src/client/client.ts';
import { ConflictError, codeOf, LocalError } from '../../src/realm/errors.ts';
import { openLevelEngine } from '../cache/level-engine.ts';
import type { Cli } from '../cli.ts';

const SECRET = 32;

/** Of one user on one server. */
export function chatFolder(cli: Pick<Cli, 'env'>, server: string, user: string): string {
  const given = cli.env['CANOPY_CHAT_DIR'];
  const base = given || join(cli.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'canopy', 'chat');
  const name = createHash('sha256')
    .update(`${new URL(server).host}\n${user}`)
    .digest('hex');
  return join(base, name.slice(0, 32));
}

/** @throws ConflictError `chat-in-use`; LocalError `chat-state-damaged` */
export async function openKeptDevice(folder: string): Promise<Required<Pick<ClientInit, 'storage' | 'openCache'>>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  return {
    storage: await fileStorage(join(folder, 'client.json')),
    openCache: async () => {
      try {
        return await openKeptCache(folder);
      } catch (cause) {
        if (codeOf(cause) !== 'cache-failed') throw cause;
        throw new ConflictError('chat-in-use', `${folder} is in use by another chat`, {
          hint: 'End the other chat of this user, or set CANOPY_CHAT_DIR to another directory.',
          cause,
        });
      }
    },
  };
}

async function openKeptCache(folder: string): Promise<SealedCache> {
  const engine = await openLevelEngine(join(folder, 'cache'));
  const file = join(folder, 'cache-key');
  const secret = await makeCacheSecret(await keptSecret(file));
  const wipe = async (): Promise<void> => {
    await rm(file, { force: true });
    await engine.wipe();
  };
  const { range, write, close } = engine;
  const sealed = { range: range.bind(engine), write: write.bind(engine), close: close.bind(engine), wipe };
  return SealedCache.open({ engine: sealed, secret });
}

async function keptSecret(file: string): Promise<Uint8Array> {
  const kept = await readIfThere(file);
  if (kept?.length === SECRET) return kept;
  const made = randomBytes(SECRET);
  await replaceFile(file, made);
  return made;
}

async function fileStorage(file: string): Promise<ClientStorage> {
  const values = new Map(Object.entries(parsed(file, await readIfThere(file))));
  let written: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const before = written;
    written = (async () => {
      await before.catch(() => {});
      await replaceFile(file, JSON.stringify(Object.fromEntries(values)));
    })();
    return written;
  };
  return {
    get: async (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value);
      return save();
    },
    delete: async (key) => {
      if (values.delete(key)) await save();
    },
    keys: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
  };
}

function parsed(file: string, bytes: Buffer | undefined): Record<string, string> {
  if (!bytes) return {};
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
    return Object.fromEntries(entries.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));
  } catch (cause) {
    throw new LocalError('chat-state-damaged', `${file} can't be read`, {
      hint: 'Remove it: this chat then begins as a new device.',
      cause,
    });
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, whenever the program ends. */
async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}
