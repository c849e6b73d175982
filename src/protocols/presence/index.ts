// `/canopy/presence/1`: who is online in another realm, and who types. By subscription: a realm tells another only of users
// whom somebody there looks at. Nothing of it is ever stored. Each frame is one strict CBOR array; ids are 16 bytes.
//
//   opener    watch    [0, [user, …]]                     all whom somebody here looks at; replaces the list before
//   acceptor  states   [1, [[user, online, lastSeenAt], …]]   lastSeenAt 0 when unknown or online
//   opener    typing   [2, user, conversation, active, [recipient, …]]   a user of the opener's realm types to users of the acceptor's
//
// The acceptor answers a watch with the state of each new user, and then tells changes, each user's at most once a second:
// what changed twice in between is told once. It tells only of its own users. Typing ends by itself after TYPING_LASTS
// unless it is told again; more than MAX_TYPING_RATE frames a second are dropped. A stream that breaks is opened anew by
// the opener while it looks at anybody.
export const PRESENCE_PROTOCOL = '/canopy/presence/1';

/** Users of one realm whom another may look at. */
export const MAX_WATCHED = 5_000;
/** Users in one frame of states. */
export const MAX_STATES = 1_000;
/** Bytes: the longest watch, 17 a user. */
export const MAX_PRESENCE_FRAME = 96 * 1024;
/** Users to whom one types at once. */
export const MAX_TYPING_TO = 1_000;
/** Frames a second that a realm takes of another; the rest is dropped. */
export const MAX_TYPING_RATE = 200;

/** Milliseconds between two updates about one user, and between two signs of typing. */
export const UPDATE_INTERVAL = 1_000;
/** Milliseconds after which typing ends by itself. */
export const TYPING_LASTS = 6_000;
