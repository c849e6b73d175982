// A file from kyiv to lviv, with both clients and both nodes stopped and started again in the middle of its upload and of its download;
// what both nodes counted of it is added up over their lives.
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskSink, openSource } from '../../cli/chat/disk-files.ts';
import { FileClient } from '../../node/admin/file-api.ts';
import { STOPPED } from '../../node/blobs/blob-service.ts';
import type { FileCard } from '../../src/crypto/files/file-card.ts';
import { chunksOfPlain } from '../../src/crypto/files/sizes.ts';
import { Tree, type WholeRealm } from '../faults/whole-realm.ts';
import { FilePerson, pause } from './file-person.ts';

const MIB = 1024 * 1024;

export interface Journey {
  readonly chunks: number;
  readonly sent: string;
  readonly received: string;
  /** Chunks that left the node of kyiv, and chunks that the node of lviv took in. */
  readonly served: number;
  readonly fetched: number;
  /** Chunks that lviv had when its own node was restarted. */
  readonly at: readonly number[];
  /** Chunks that came for a second reader in lviv. */
  readonly second: number;
  readonly secondReceived: string;
  readonly uploadSeconds: number;
  readonly downloadSeconds: number;
}

class Counted {
  #before: Record<string, number> = {};
  readonly #realm: WholeRealm;
  /** How many chunks had come at each restart. */
  readonly at: number[] = [];

  constructor(realm: WholeRealm) {
    this.#realm = realm;
  }

  async all(): Promise<Record<string, number>> {
    const { counters } = await new FileClient(this.#realm.admin).usage();
    return added(this.#before, counters);
  }

  async restart(): Promise<void> {
    this.at.push((await this.all())['fetched_chunks'] ?? 0);
    await this.#realm.stopNode();
    const last = this.#realm.log.findLast(({ phrase }) => phrase === STOPPED)?.fields ?? {};
    const counters = Object.entries(last).flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, value]] : [],
    );
    this.#before = added(this.#before, Object.fromEntries(counters));
    await this.#realm.startNode();
  }
}

function added(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(b).map(([name, value]) => [name, value + (a[name] ?? 0)]));
}

/** @param line kilobits a second between the branches: as slow as the restarts need, so that each meets the file on its way */
export async function fileJourney(megabytes: number, line: number): Promise<Journey> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-file-'));
  const tree = await Tree.plant({ 'relay.limits': [`wan bulk ${line}`] });
  try {
    await tree.grow(
      ['ua', 'region'],
      ['acme.ua', 'enterprise'],
      ['kyiv.acme.ua', 'branch'],
      ['lviv.acme.ua', 'branch'],
    );
    return await travel(tree, folder, megabytes);
  } finally {
    await tree.fell();
    await rm(folder, { recursive: true, force: true });
  }
}

async function travel(tree: Tree, folder: string, megabytes: number): Promise<Journey> {
  const [kyiv, lviv] = [tree.at('kyiv.acme.ua'), tree.at('lviv.acme.ua')];
  const counted = { kyiv: new Counted(kyiv), lviv: new Counted(lviv) };
  const clerk = await FilePerson.enter(kyiv, 'clerk');
  const [engineer, cook] = [await FilePerson.enter(lviv, 'engineer'), await FilePerson.enter(lviv, 'cook')];
  const path = join(folder, 'film.bin');
  await fill(path, megabytes);
  const beganUpload = performance.now();
  const card = await upload(clerk, path, counted);
  const uploadSeconds = (performance.now() - beganUpload) / 1000;
  for (const person of [engineer, cook]) await patiently(() => clerk.restarted().send(person.user, card));
  const beganDownload = performance.now();
  const target = await download(engineer, clerk, counted, folder);
  const downloadSeconds = (performance.now() - beganDownload) / 1000;
  const [served, fetched] = [(await counted.kyiv.all())['served_chunks'], (await counted.lviv.all())['fetched_chunks']];
  const secondTarget = await fetchPlainly(cook, clerk, join(folder, 'second'));
  const afterwards = (await counted.lviv.all())['fetched_chunks'];
  return {
    chunks: chunksOfPlain(card.size),
    sent: await hashOf(path),
    received: await hashOf(target),
    served: served ?? Number.NaN,
    fetched: fetched ?? Number.NaN,
    at: counted.lviv.at,
    second: (afterwards ?? Number.NaN) - (fetched ?? 0),
    secondReceived: await hashOf(secondTarget),
    uploadSeconds,
    downloadSeconds,
  };
}

/** A third, then the client starts anew; two thirds, then the node does. */
async function upload(clerk: FilePerson, path: string, counted: { kyiv: Counted }): Promise<FileCard> {
  const source = await openSource(path);
  const ends = new AbortController();
  const third = clerk.files.upload(source, {
    signal: ends.signal,
    onProgress: ({ done, total }) => done > total / 3 && ends.abort(new Error('the client ends')),
  });
  await third.catch((error: unknown) => {
    if (!ends.signal.aborted) throw error;
  });
  await source.close();
  const again = await openSource(path);
  let restart: Promise<void> | undefined;
  const card = await clerk.restarted().files.upload(again, {
    onProgress: ({ done, total }) => {
      if (done > (2 * total) / 3) restart ??= counted.kyiv.restart();
    },
  });
  await again.close();
  await restart;
  return card;
}

/** The node of lviv at a quarter, that of kyiv at a half, the client at three quarters. */
async function download(
  engineer: FilePerson,
  clerk: FilePerson,
  counted: { kyiv: Counted; lviv: Counted },
  folder: string,
) {
  const card = await engineer.cardFrom(clerk.user);
  const first = new DiskSink(folder, 'received.bin', card.blob);
  const ends = new AbortController();
  const restarts: Promise<void>[] = [];
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    if (restarts.length === 0 && done > total / 4) restarts.push(counted.lviv.restart());
    if (restarts.length === 1 && done > total / 2) restarts.push(counted.kyiv.restart());
    if (done > (3 * total) / 4) ends.abort(new Error('the client ends'));
  };
  await engineer.files.download(card, first, { signal: ends.signal, onProgress }).catch((error: unknown) => {
    if (!ends.signal.aborted) throw error;
  });
  await first.close();
  await Promise.all(restarts);
  const second = new DiskSink(folder, 'received.bin', card.blob);
  await engineer.restarted().files.download(card, second);
  return second.path ?? '';
}

async function fetchPlainly(reader: FilePerson, sender: FilePerson, folder: string): Promise<string> {
  const card = await reader.cardFrom(sender.user);
  await mkdir(folder, { recursive: true });
  const sink = new DiskSink(folder, card.name, card.blob);
  await reader.files.download(card, sink);
  return sink.path ?? '';
}

async function fill(path: string, megabytes: number): Promise<void> {
  const handle = await open(path, 'w');
  const block = Buffer.alloc(MIB);
  for (let at = 0; at < megabytes; at++) await handle.write(randomFillSync(block));
  await handle.close();
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest('hex');
}

/** People and realms learn of each other by and by. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!/user-unknown/.test(String(error))) throw error;
      await pause();
    }
  }
}
