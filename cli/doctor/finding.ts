// What `canopy doctor` says of one thing that it looked at.

export interface Finding {
  /** A stable word, for scripts. */
  readonly check: string;
  /** `note`: worth a look. `problem`: something doesn't work, or soon won't. */
  readonly level: 'ok' | 'note' | 'problem';
  readonly what: string;
  /** What to run or to change; only where something is amiss. */
  readonly next?: string;
}

export function ok(check: string, what: string): Finding {
  return { check, level: 'ok', what };
}

export function note(check: string, what: string, next: string): Finding {
  return { check, level: 'note', what, next };
}

export function problem(check: string, what: string, next: string): Finding {
  return { check, level: 'problem', what, next };
}
