// The one interface that takes security events. Append-only; each record carries the hash of the one before it.
// Never in a record: message text, passwords, keys, tokens.

export type AuditValue = string | number | boolean;

export interface AuditEvent {
  /** A stable lower-case word: `login`, `login-refused`, `user-added`, `realm-certified`. */
  readonly code: string;
  /** Who did it: a user's address, a realm, an operator. */
  readonly actor?: string;
  /** At most 16; long strings are cut to 256 characters. */
  readonly fields?: Readonly<Record<string, AuditValue>>;
}

export interface AuditRecord extends AuditEvent {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Where the log stops being what was written; `at` is the number of the first record that does not fit. */
export type AuditVerdict =
  | { readonly kind: 'whole'; readonly count: number }
  | { readonly kind: 'damaged'; readonly at: number; readonly why: 'missing' | 'altered' | 'unreadable' | 'cut-off' };

export interface Audit {
  /** Resolves when the record is on disk. */
  record(event: AuditEvent): Promise<void>;
  /** The newest records, oldest of them first. */
  tail(limit: number): Promise<AuditRecord[]>;
  verify(): Promise<AuditVerdict>;
}
