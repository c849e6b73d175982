// What a new password must be, for every client. With OPAQUE no server sees one, so only clients can hold people to it; a
// password that is there already is never judged.

/** In characters as people count them: code points. The upper end is for what was pasted by mistake. */
export const PASSWORD_LENGTH = { least: 10, most: 1024 } as const;

export interface PasswordProblem {
  readonly code: 'password-too-short' | 'password-too-long';
  /** The limit that it misses. */
  readonly count: number;
}

/** Undefined for a password that may be set. */
export function passwordProblem(password: string): PasswordProblem | undefined {
  const { length } = [...password];
  const { least, most } = PASSWORD_LENGTH;
  if (length < least) return { code: 'password-too-short', count: least };
  return length > most ? { code: 'password-too-long', count: most } : undefined;
}
