// How large files may be, how much of them a user and a realm may hold, and for how long. Each is a policy of the realm or of one
// above it; what none sets has a default.

export interface BlobRules {
  /** Bytes of one blob. */
  readonly fileSize: number;
  /** Bytes that one user's uploads may hold here. */
  readonly userQuota: number;
  /** Bytes that all blobs may hold here. */
  readonly store: number;
  /** Milliseconds after which a blob goes; undefined: when nobody refers to it any more. */
  readonly retention: number | undefined;
}

const GIB = 1024 ** 3;

export const DEFAULT_RULES: BlobRules = {
  fileSize: 8 * GIB,
  userQuota: 64 * GIB,
  store: Number.MAX_SAFE_INTEGER,
  retention: undefined,
};
