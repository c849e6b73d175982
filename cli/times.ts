// Times as commands tell them; what people write is read by duration.ts.

/** RFC 3339, UTC; of milliseconds since 1970. */
export function asTime(time: number): string {
  return new Date(time).toISOString();
}

/** `2027-12-31`, UTC; of milliseconds since 1970. */
export function asDay(time: number): string {
  return asTime(time).slice(0, 'YYYY-MM-DD'.length);
}

/** `3 d`, `5 h`, `12 min`, `40 s`: one unit, rounded down. */
export function shortDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
