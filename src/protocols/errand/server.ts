// The answerer's side of /canopy/errand/1 for one arrow of the way.
import type { Peer } from '../../overlay/seam.ts';
import { type AnsweringComponents, AnsweringServer } from '../answering.ts';
import { decodeRequest, encodeReply } from './codec.ts';
import { ERRAND_PROTOCOL, FRAME_DEADLINE, MAX_FRAME, MAX_STREAMS, type Reply, type Request } from './index.ts';

export interface ErrandServerComponents extends AnsweringComponents {
  /** Never rejects: whatever goes wrong is a reply. */
  readonly serve: (peer: Peer, request: Request, signal: AbortSignal) => Promise<Reply>;
}

export class ErrandServer extends AnsweringServer {
  constructor({ serve, ...components }: ErrandServerComponents) {
    super(components, {
      protocol: ERRAND_PROTOCOL,
      allow: 'family',
      maxFrame: MAX_FRAME,
      maxStreams: MAX_STREAMS,
      deadline: FRAME_DEADLINE,
      answer: async (request, peer, signal) => encodeReply(await serve(peer, decodeRequest(request), signal)),
    });
  }
}
