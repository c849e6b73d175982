// `/canopy/forward/1`: carries a connection between the nodes of two realms over their relays.
//
//   node A -> relay A -> relay B -> node B      each arrow one stream of this protocol
//
//   header   [1, class, origin, destination, hops, kind, via, pipe]     kind and via null until relay A has filled them in
//   reply    [1, 'ok', hops, kind, via, pipe] | [1, 'refused', code]
//
// Each frame is a CBOR array behind a length of four bytes, at most MAX_HEADER. Each program adds its own hop (realm, role,
// process id, peer id) to the header; the last hop must be whoever sent it. Node B answers with all hops, and the answer
// goes back the same way. From then on the stream carries bytes that only the two nodes can read: admission
// (`/canopy/noise/1`) runs inside, end to end, and each end insists on a node of the realm that the header named.
//
// For the class bulk the bytes may take a pipe of plain TCP connections beside the stream; `pipe` tells who dials whom
// (../pipe/index.ts). It is null where there is none, and then the bytes take the stream. The stream stands for the pipe:
// both end together.
//
// A relay takes headers from its own node for realms that the scope table allows, and from the relays of such realms only when
// the origin is their own realm and the destination is its own. Nothing is ever carried further.
//
// Limits: 1,024 streams of the own node, 128 of the relays of one realm, 2,048 in all, new ones 128 and 16 in a second (quotas.ts).
// Each holds at most a window of the muxer for each direction, and is reset when its other side takes nothing for a minute
// (splice.ts). An operator's caps for a link or for all: limits.ts.
//
// Refusals: `bad-frame`, `wrong-hop`, `loop`, `out-of-scope`, `quota`, `node-away`, `no-path`, `hop-failed`.
import type { RealmName } from '../../realm/names.ts';
import type { PathKind } from '../../realm/path-kinds.ts';
import type { PipeWord } from '../pipe/index.ts';
import type { Hop, StreamClass } from '../seam.ts';

export const FORWARD_PROTOCOL = '/canopy/forward/1';
export const MAX_HEADER = 4 * 1024;
/** Node, relay, relay, node. */
export const MAX_HOPS = 4;
/** For whoever must read a header that is due at once. */
export const HEADER_DEADLINE = 5_000;
/** For the whole way there and back, a new link included. */
export const OPEN_DEADLINE = 25_000;

export interface ForwardHeader {
  readonly class: StreamClass;
  readonly origin: RealmName;
  readonly destination: RealmName;
  readonly hops: readonly Hop[];
  readonly kind?: PathKind;
  readonly via?: RealmName;
  readonly pipe?: PipeWord | undefined;
}

export interface ForwardConsent {
  readonly kind: 'ok';
  readonly hops: readonly Hop[];
  readonly path: PathKind;
  readonly via?: RealmName;
  readonly pipe?: PipeWord | undefined;
}

export type ForwardReply = ForwardConsent | { readonly kind: 'refused'; readonly code: string };
