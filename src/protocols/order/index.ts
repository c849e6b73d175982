// `/canopy/order/1`: a node asks the home of a group about its order. One stream a question: one frame there, one back. Each frame is
// one strict CBOR array.
//
//   propose   [1, 0, conversation, group, epoch, commit, roster, group info or empty, user, device]   a commit of a user of the asker's
//   commits   [1, 1, conversation, group or empty, from epoch]         what came after; for the realms that had members then
//   info      [1, 2, conversation, group, epoch or 0 for the newest]   for those who join by themselves
//   put info  [1, 3, conversation, group, epoch, group info, user, device]   that of the present epoch, when it did not come with its commit
//
//   accepted  [1, 0, epoch]                                            the group's epoch now
//   commits   [1, 1, home, term, [[user, device, body of a commit envelope], …], has more]
//   info      [1, 2, epoch, group info]
//   refused   [1, 3, code, epoch]                                      `epoch` for `commit-lost` and `epoch-ahead`, else 0
//
// Whoever asks realm A for a group whose home is B gets no commits but B's name, and asks there: a home alone is believed.
//
// Between realms that may not connect a question goes as an errand (../errand), where both it and the answer are at most 40 KiB.
//
// Limits: 1,280 KiB a frame, 16 streams a peer. Deadlines: 10 s each for the stream, the question and the answer.
// Refusals: those of node/groups/home-order.ts, `conversation-unknown` (nothing of it is for the asker's realm), `foreign-sender`
// (the user is not of the asker's realm), `frame-malformed`, `order-rate`.
/** The kind of errand that carries a question and its answer between realms that may not connect; as much as an errand holds. */
export const GROUP_ORDER = 'group-order';
export const ORDER_PROTOCOL = '/canopy/order/1';
/** Bytes of a frame: the largest group info, commit and roster. */
export const MAX_ORDER_FRAME = 1280 * 1024;
export const MAX_ORDER_STREAMS = 16;
export const ORDER_DEADLINE = 10_000;
/** Bytes of commits in one answer, but for a single one that is larger. */
export const MAX_COMMITS_BYTES = 512 * 1024;
export const MAX_COMMITS = 256;
