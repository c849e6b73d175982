// The witness's side of /canopy/heads/1.
import type { RealmName } from '../../realm/names.ts';
import { type AnsweringComponents, AnsweringServer } from '../answering.ts';
import { decodeQuestion, encodeCertified, encodeSeen, type Seen } from './frames.ts';
import { FRAME_DEADLINE, HEADS_PROTOCOL, MAX_STREAMS } from './index.ts';

export interface HeadsServerComponents extends AnsweringComponents {
  readonly seenOf: (realm: RealmName) => Promise<Seen>;
  /** @throws RefusedError `scope` when this realm is not right above */
  readonly certify: (realm: RealmName) => Promise<Uint8Array>;
}

const MAX_QUESTION = 64;

export class HeadsServer extends AnsweringServer {
  constructor({ seenOf, certify, ...components }: HeadsServerComponents) {
    super(components, {
      protocol: HEADS_PROTOCOL,
      allow: 'family',
      maxFrame: MAX_QUESTION,
      maxStreams: MAX_STREAMS,
      deadline: FRAME_DEADLINE,
      answer: async (question, { realm }) =>
        decodeQuestion(question) === 'ask' ? encodeSeen(await seenOf(realm)) : encodeCertified(await certify(realm)),
    });
  }
}
