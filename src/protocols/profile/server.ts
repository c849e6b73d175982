// The holder's side of /canopy/profile/1.
import type { Peer } from '../../overlay/seam.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import { type AnsweringComponents, AnsweringServer } from '../answering.ts';
import { decodeRequest, encodeReply } from './frames.ts';
import { FRAME_DEADLINE, MAX_STREAMS, PROFILE_PROTOCOL } from './index.ts';

export interface ProfileServerComponents extends AnsweringComponents {
  readonly mayRead: (peer: Peer) => boolean;
  readonly find: (id: UserId) => Promise<Uint8Array | undefined>;
}

const MAX_REQUEST = 4096;

export class ProfileServer extends AnsweringServer {
  constructor({ mayRead, find, ...components }: ProfileServerComponents) {
    super(components, {
      protocol: PROFILE_PROTOCOL,
      allow: 'enterprise',
      maxFrame: MAX_REQUEST,
      maxStreams: MAX_STREAMS,
      deadline: FRAME_DEADLINE,
      answer: async (request, peer) => {
        if (!mayRead(peer)) throw new RefusedError('scope', `${peer.realm} may not read profiles`);
        return encodeReply(await Promise.all(decodeRequest(request).map(find)));
      },
    });
  }
}
