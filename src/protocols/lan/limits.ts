// Limits of the LAN API, named once for both sides.

/** Subprotocol of the live socket; the number is the version of its frames. */
export const LIVE_SUBPROTOCOL = 'canopy.v1';
export const LIVE_VERSION = 1;
export const API_PREFIX = '/api/v1';

/** Bytes of one frame: the largest body of an envelope (64 KiB) and its surroundings. */
export const MAX_FRAME = 96 * 1024;
/** Bytes of a JSON request; the largest is an OPAQUE registration record, under 2 KiB. */
export const MAX_JSON_BODY = 16 * 1024;

/** Users that one live socket may watch. */
export const MAX_WATCHED = 500;
/** Recipients of one message. */
export const MAX_RECIPIENTS = 1000;
/** Highest `most` of a hello. */
export const MAX_MOST = 10_000;
/** Members that a list of conversations names; of larger groups they are asked for. */
export const MAX_LISTED_MEMBERS = 50;
/** Bytes of a request that carries commits or mails: base64url of group info, commit, roster and welcomes. */
export const MAX_LARGE_JSON_BODY = 4 * 1024 * 1024;
/** Events in one page of a conversation's history. */
export const MAX_PAGE = 200;
/** Users in one answer to a search. */
export const MAX_USERS = 50;

/** A capability that a client names in its hello: it wants to be told which realms are away. */
export const ISLANDS = 'islands';
/** A capability of a server: it keeps vaults, identities and devices. */
export const ACCOUNT = 'account';
/** Realms that one such frame names. */
export const MAX_ISLANDS = 64;

/** Milliseconds within which the client's hello must follow the upgrade. */
export const HELLO_DEADLINE = 10_000;
/** Milliseconds between two pings; a side that hears nothing for twice as long gives the socket up. */
export const HEARTBEAT = 20_000;
/** Messages without a key that a device holds, and tells of, at most. */
export const MAX_UNREADABLE = 2_000;
