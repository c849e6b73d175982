// What delivery counts while it runs.
export interface Tally {
  sent: number;
  received: number;
  duplicates: number;
  quarantined: number;
  foreign: number;
}

export function newTally(): Tally {
  return { sent: 0, received: 0, duplicates: 0, quarantined: 0, foreign: 0 };
}
