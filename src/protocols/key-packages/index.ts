// `/canopy/key-packages/1`: key packages of the answerer's users, for nodes of realms whose people may write to them. One stream a
// question: one frame there, one back. Each frame is one strict CBOR array.
//
//   claim     [1, 0, user]            a package of each device of that user, each given once, the last resort where there is no other
//   changes   [1, 1, after]           last-resort packages that changed after that number; nodes of the same house keep them all, so that
//                                     a first message to a branch out of reach works
//
//   packages  [1, 0, [[device, package, is last resort], …]]
//   changes   [1, 1, [[user, device, package or empty when it is gone], …], up to, has more]
//   refused   [1, 2, code]
//
// A number above the newest there is begins anew: the answerer was restored.
//
// Between realms that may not connect a claim goes as an errand of the kind `key-packages` (../errand), as far as its answer fits into one.
//
// Limits: 512 KiB a frame, 8 streams a peer, of one realm 500 claims at once and then 20 a second. Deadlines: 10 s each for the stream,
// the question and the answer. Refusals: `user-unknown`, `claim-rate`, `scope`, `frame-malformed`.
export const KEY_PACKAGES_PROTOCOL = '/canopy/key-packages/1';
/** The kind of errand that carries a claim. */
export const KEY_PACKAGES_ERRAND = 'key-packages';
export const MAX_KEY_PACKAGES_FRAME = 512 * 1024;
export const MAX_KEY_PACKAGES_STREAMS = 8;
export const KEY_PACKAGES_DEADLINE = 10_000;
/** Bytes of one package. */
export const MAX_KEY_PACKAGE = 4 * 1024;
/** Devices of one user. */
export const MAX_DEVICES = 64;
/** Packages of one answer to `changes`. */
export const MAX_CHANGES = 100;
