// The data directory of a realm on one host. This file owns its layout; nobody else builds a path in it.
//
//   format                 version of this layout, "1\n"
//   canopy.toml            settings of this host
//   realm.json             which realm this is, its root's fingerprint, how to reach its ancestors
//   root/                  a region only: the offline root's key; belongs on a medium in a safe
//   authority/             the realm's authority: key and chain, the root last (not on a DMZ host); old/ is the one that it has
//                          replaced, until that is retired, next/ one that is being made
//   node/                  the node's key, chain, database, the mark of its last start and the time of its last run (not on a DMZ host)
//   node/blobs/            files of people, as ciphertext (node/blobs/disk.ts)
//   lan/                   authority and certificate of the LAN's TLS (not on a DMZ host)
//   relay/                 the relay's key and chain, what its node told it of revocations and trusts (charter),
//                          and the relays above that it has learnt of (ancestors.json)
//   node.sock, relay.sock  control sockets of the running programs
//   node.lock, relay.lock  who runs here
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConflictError, InputError, LocalError, messageOf } from '../realm/errors.ts';
import type { Role } from '../realm/names.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';

export const FORMAT = 1;

export interface KeyFiles {
  readonly folder: string;
  readonly key: string;
  readonly chain: string;
}

/** A key and its chain that others take the place of; `next` is where they wait until both are whole. */
export interface ReplaceableKeyFiles extends KeyFiles {
  readonly next: KeyFiles;
}

export interface DataDirectory {
  readonly path: string;
  readonly format: string;
  readonly settings: string;
  readonly realm: string;
  readonly root: { readonly folder: string; readonly key: string; readonly certificate: string };
  readonly authority: ReplaceableKeyFiles & { readonly old: KeyFiles };
  readonly node: ReplaceableKeyFiles & { readonly database: string; readonly mark: string };
  readonly relay: ReplaceableKeyFiles & { readonly charter: string; readonly ancestors: string };
  readonly lan: KeyFiles & { readonly authorityKey: string; readonly authority: string };
  readonly socket: Readonly<Record<Role, string>>;
  readonly lock: Readonly<Record<Role, string>>;
}

/** The names alone; touches no disk. */
export function dataDirectory(dir: string): DataDirectory {
  const path = resolve(dir);
  const keys = (name: string): KeyFiles => ({
    folder: join(path, name),
    key: join(path, name, 'key.pem'),
    chain: join(path, name, 'chain.pem'),
  });
  const replaceable = (name: string): ReplaceableKeyFiles => ({ ...keys(name), next: keys(join(name, 'next')) });
  return {
    path,
    format: join(path, 'format'),
    settings: join(path, 'canopy.toml'),
    realm: join(path, 'realm.json'),
    root: {
      folder: join(path, 'root'),
      key: join(path, 'root', 'key.pem'),
      certificate: join(path, 'root', 'cert.pem'),
    },
    authority: { ...replaceable('authority'), old: keys(join('authority', 'old')) },
    node: { ...replaceable('node'), database: join(path, 'node', 'db'), mark: join(path, 'node', 'mark') },
    relay: {
      ...replaceable('relay'),
      charter: join(path, 'relay', 'charter'),
      ancestors: join(path, 'relay', 'ancestors.json'),
    },
    lan: {
      ...keys('lan'),
      authorityKey: join(path, 'lan', 'authority-key.pem'),
      authority: join(path, 'lan', 'authority.pem'),
    },
    socket: { node: join(path, 'node.sock'), relay: join(path, 'relay.sock') },
    lock: { node: join(path, 'node.lock'), relay: join(path, 'relay.lock') },
  };
}

/** Makes the directory when it is missing; one that exists must be of our format. */
export async function createDataDirectory(dir: string): Promise<DataDirectory> {
  const directory = dataDirectory(dir);
  await makePrivateFolder(directory.path);
  const version = await readFormat(directory);
  if (version === undefined) await writePrivateFile(directory.format, `${FORMAT}\n`);
  return directory;
}

/** @throws InputError `no-realm-here` when nothing was set up there; ConflictError `format-newer` */
export async function openDataDirectory(dir: string): Promise<DataDirectory> {
  const directory = dataDirectory(dir);
  if ((await readFormat(directory)) === undefined) throw noRealmHere(directory.path);
  return directory;
}

export function noRealmHere(path: string): InputError {
  return new InputError('no-realm-here', `there is no realm in ${path}`, {
    hint: `Set one up with "canopy init region NAME --dir ${path}" or "canopy join TOKEN --dir ${path}", or name another --dir.`,
  });
}

async function readFormat(directory: DataDirectory): Promise<number | undefined> {
  const text = await readOptional(directory.format);
  if (text === undefined) return undefined;
  const version = Number(text.trim());
  if (!Number.isInteger(version) || version < 1) {
    throw new LocalError('format-damaged', `${directory.format} does not hold a version number`, {
      hint: 'Restore the directory from a backup.',
    });
  }
  if (version > FORMAT) {
    throw new ConflictError(
      'format-newer',
      `${directory.path} has format ${version}, this program knows formats up to ${FORMAT}`,
      { hint: 'Use the release of canopy that wrote it, or a later one.' },
    );
  }
  return version;
}

/** The text of a file, or undefined when there is none. @throws LocalError `cannot-read` */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new LocalError('cannot-read', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: 'Run as the user who owns the data directory.',
    });
  }
}

/** The bytes of a file, or undefined when there is none. @throws LocalError `cannot-read` */
export async function readOptionalBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new LocalError('cannot-read', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw new LocalError('cannot-read', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}
