// `/canopy/paths/1`: a node follows the links of its own relay.
//
//   relay -> node   [[realm, kind, via, rtt, since], …]   first all links, then those that have changed
//
//   node -> relay   [realm, …]                            the realms to keep links to; each frame replaces the last one
//
// Frames as of every stream of the seam; via and rtt may be null. The relay keeps links only where its scope leads.
// Changes are gathered while a frame is on its way, so a slow node gets the newest state and never a queue.

import type { Stream as RawStream } from '@libp2p/interface';
import * as v from 'valibot';
import { writeCbor } from '../../realm/cbor.ts';
import { asError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { PATH_KINDS } from '../../realm/path-kinds.ts';
import type { LinkSource } from '../forward/link-source.ts';
import { FramedStream } from '../framed-stream.ts';
import type { PathReport, Peer } from '../seam.ts';
import { countField, decodeFrame, realmField } from '../wire.ts';

export const PATHS_PROTOCOL = '/canopy/paths/1';
const MAX_REPORTS = 4_096;
export const MAX_PATHS_FRAME = 1024 * 1024;

const kind = v.picklist([...PATH_KINDS, 'unreachable']);
const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));
const report = v.strictTuple([realmField, kind, v.nullable(realmField), v.nullable(milliseconds), countField]);
const wanted = v.pipe(v.array(realmField), v.maxLength(MAX_REPORTS));
const reports = v.pipe(v.array(report), v.maxLength(MAX_REPORTS));

export function encodeReports(list: readonly PathReport[]): Uint8Array {
  return writeCbor(
    list.map(({ realm, kind, via, rtt, since }) => [realm, kind, via ?? null, rtt ?? null, Math.trunc(since)]),
  );
}

/** @throws PeerError `bad-frame` */
export function decodeReports(bytes: Uint8Array): PathReport[] {
  return decodeFrame(reports, bytes, 'list of paths').map(([realm, kind, via, rtt, since]) => ({
    realm,
    kind,
    since,
    ...(via === null ? {} : { via }),
    ...(rtt === null ? {} : { rtt }),
  }));
}

export function encodeWanted(realms: readonly RealmName[]): Uint8Array {
  return writeCbor([...realms]);
}

/** @throws PeerError `bad-frame` */
export function decodeWanted(bytes: Uint8Array): RealmName[] {
  return decodeFrame(wanted, bytes, 'list of realms');
}

/** What a relay's links offer here. */
export interface FollowedLinks extends Pick<LinkSource, 'reports' | 'onChange'> {
  keep(realms: readonly RealmName[]): void;
}

/** The relay's side; resolves when the node has gone. */
export async function servePaths(raw: RawStream, peer: Peer, links: FollowedLinks): Promise<void> {
  const stream = new FramedStream(raw, { peer, path: { kind: 'local', hops: [] }, maxFrame: MAX_PATHS_FRAME });
  const pending = new Map(links.reports().map((entry) => [entry.realm, entry]));
  let writing = false;
  const flush = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    do {
      const frame = encodeReports([...pending.values()]);
      pending.clear();
      await stream.write(frame);
    } while (pending.size > 0);
    writing = false;
  };
  const fail = (error: unknown): void => stream.abort(asError(error));
  const unsubscribe = links.onChange((entry) => {
    pending.set(entry.realm, entry);
    flush().catch(fail);
  });
  try {
    await flush();
    for (let frame = await stream.read(); frame; frame = await stream.read()) links.keep(decodeWanted(frame));
    await stream.close();
  } catch (error) {
    fail(error);
  } finally {
    unsubscribe();
  }
}
