// Why a live socket was closed by the server (RFC 6455 section 7.4.2 leaves 4000 to 4999 to applications). The client
// comes back after each but those that say that it can't.

export const CLOSE = {
  /** No hello in time, or a frame that fits no form. */
  malformed: 4400,
  /** The session ended: signed out, changed password, revoked, expired. */
  sessionEnded: 4401,
  /** No version in common. */
  noVersion: 4406,
  /** The reader is too slow: its queue is full. It resumes by its cursor. */
  slowReader: 4408,
  /** The branch is locked: what the client holds stays closed until somebody may log in again. */
  branchLocked: 4423,
  /** The server stops; come back soon. */
  stopping: 4503,
  /** RFC 6455: a frame above the limit. */
  tooBig: 1009,
} as const;

/** Why a new try with the same session makes no sense after that close, as clients tell it; undefined: it makes sense. */
export function finalCode(code: number): string | undefined {
  if (code === CLOSE.branchLocked) return 'branch-locked';
  return code === CLOSE.sessionEnded || code === CLOSE.noVersion ? 'session-ended' : undefined;
}
