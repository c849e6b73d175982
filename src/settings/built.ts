// When this release was built, milliseconds since 1970: no host's clock is right that says less (src/realm/steady-clock.ts).
//
// Written by `node scripts/release-date.ts`, which is run for each release and at any other time; never by hand. A test compares it
// with the newest result in docs/measured, each of which names the day of its making: it needs no git, and fails when this day has
// been forgotten for more than two weeks, or was written on a host whose clock was wrong.
export const BUILT = Date.UTC(2026, 10, 22);
