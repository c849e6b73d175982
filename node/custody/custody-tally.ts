// What custody counts while it runs.
export interface CustodyTally {
  held: number;
  passed: number;
  repeated: number;
  declined: number;
  expired: number;
  settled: number;
}

export function newCustodyTally(): CustodyTally {
  return { held: 0, passed: 0, repeated: 0, declined: 0, expired: 0, settled: 0 };
}
