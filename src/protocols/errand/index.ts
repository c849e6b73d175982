// `/canopy/errand/1`: a small signed question from one realm's node to another's, handed on along the tree of realms, and the
// signed answer back the same way. For what two realms that may not connect must still settle: a proposal of a trust, the
// user behind an exact address, a witness of a head.
//
//   asker -> answerer   [1, budget, errand, signature]               once
//   answerer -> asker   [1, 'answer', answer, signature]             the destination's word
//                     | [1, 'stopped', code, realm]                  the word of a hop that did not hand it on, unsigned
// Then both close. Each arrow is one stream between a parent and a child; a node that is not the destination opens the next.
//
//   errand    = [1, id, origin, destination, kind, issued, body, chain]
//   answer    = [1, digest, 'ok' | 'refused', code or null, body, chain]
//   digest    = SHA-256 of the errand's bytes
//   signature = Ed25519 by the key of the first certificate of `chain` over "canopy/errand/1\n" ("canopy/errand-answer/1\n")
//               and the bytes; `chain` is that of the node of the origin (of the destination), as encodeChain of src/pki writes it
//
// The way: what comes from a child begins within that child and ends outside it; it goes down to a child when the destination
// is within one, else up to the parent. What comes from the parent begins outside this realm and ends within it. So an errand
// climbs to the common ancestor and descends, each realm sees it once, and no loop can be, whatever a hop says.
//
// Each hop checks the way, a limit for the neighbour, the chain and the signature, the age, and a limit for the origin, in this
// order. The destination takes an errand once: it remembers the ids while the errand is fresh. Hops read what they carry: an
// errand holds nothing that the tiers between may not know.
//
// Limits: 64 KiB a frame, 40 KiB a body, 64 streams a peer, 60 at once and then 5 a second of one origin, of
// which 12 are on the way to the next hop at one time. Deadlines: `budget` is
// the milliseconds that are left, at most 30 s; each hop hands on less than it got. 10 s for the request frame.
// Refusals: `malformed`, `unknown-version`, `wrong-way`, `errand-rate`, `errand-stale`, `errand-repeated`, `cert-…`,
// `signature-bad`, `origin-foreign`, `unknown-kind`, `no-way`, `timeout`, `busy`, and those of the kind's own.
import type { RealmName } from '../../realm/names.ts';

export const ERRAND_PROTOCOL = '/canopy/errand/1';

/** Bytes of one frame. */
export const MAX_FRAME = 64 * 1024;
/** Bytes of a question or an answer. */
export const MAX_BODY = 40 * 1024;
export const MAX_STREAMS = 64;
/** Milliseconds for a whole errand, there and back. */
export const MAX_BUDGET = 30_000;
/** Milliseconds that each hop keeps for itself, so that it can still say why nothing came. */
export const HOP_SHARE = 500;
export const FRAME_DEADLINE = 10_000;
/** Milliseconds by which `issued` may differ from the clock of a hop: as much as clocks of realms may differ, and a little. */
export const MAX_AGE = 11 * 60_000;

export interface Errand {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly origin: RealmName;
  readonly destination: RealmName;
  /** Lower-case words joined by hyphens. */
  readonly kind: string;
  /** Milliseconds since 1970 by the origin's clock. */
  readonly issued: number;
  readonly body: Uint8Array;
  /** Of the origin's node, as encodeChain of src/pki writes it. */
  readonly chain: Uint8Array;
}

export interface Answer {
  /** SHA-256 of the errand's bytes. */
  readonly digest: Uint8Array;
  /** Set when the destination refused. */
  readonly code?: string;
  readonly body: Uint8Array;
  /** Of the destination's node. */
  readonly chain: Uint8Array;
}

/** Bytes with the signature over them. */
export interface Signed {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Request {
  readonly budget: number;
  readonly errand: Signed;
}

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Signed }
  | { readonly kind: 'stopped'; readonly code: string; readonly realm: RealmName };
