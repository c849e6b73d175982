// The answerer's side of /canopy/key-packages/1.
import type { Peer } from '../../overlay/seam.ts';
import { codeOf, LocalError } from '../../realm/errors.ts';
import { type AnsweringComponents, AnsweringServer } from '../answering.ts';
import { decodePackagesRequest, encodePackagesAnswer, type PackagesAnswer, type PackagesRequest } from './frames.ts';
import {
  KEY_PACKAGES_DEADLINE,
  KEY_PACKAGES_PROTOCOL,
  MAX_KEY_PACKAGES_FRAME,
  MAX_KEY_PACKAGES_STREAMS,
} from './index.ts';

export interface KeyPackageServerComponents extends AnsweringComponents {
  /** Throws what it refuses. */
  readonly answer: (peer: Peer, request: PackagesRequest) => Promise<PackagesAnswer>;
}

export class KeyPackageServer extends AnsweringServer {
  constructor({ answer, ...components }: KeyPackageServerComponents) {
    super(components, {
      protocol: KEY_PACKAGES_PROTOCOL,
      allow: 'trusted',
      maxFrame: MAX_KEY_PACKAGES_FRAME,
      maxStreams: MAX_KEY_PACKAGES_STREAMS,
      deadline: KEY_PACKAGES_DEADLINE,
      answer: async (frame, peer) => {
        const request = decodePackagesRequest(frame);
        return encodePackagesAnswer(await answer(peer, request).catch(refusal));
      },
    });
  }
}

/** @throws LocalError: the own disk's trouble is no refusal, the asker tries again */
function refusal(error: unknown): PackagesAnswer {
  if (error instanceof LocalError) throw error;
  return { kind: 'refused', code: codeOf(error) };
}
