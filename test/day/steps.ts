// A day of a company's people, step by step: what is played (playing.ts) is plain data, so that a seed makes the same day again.

/** One of a person's two devices. */
export interface DeviceName {
  readonly person: number;
  readonly device: number;
}

/** What the acting device must be shown before it acts: nobody answers what he has not read. */
export interface Sight {
  readonly event: number;
  /** As it stands after the last edit. */
  readonly text?: string;
}

interface Acting {
  readonly by: DeviceName;
  readonly chat: number;
  readonly sees: readonly Sight[];
}

interface Written extends Acting {
  /** Its number in this day. */
  readonly event: number;
}

export type Writing =
  | (Written & { readonly act: 'say'; readonly text: string; readonly replyTo?: number })
  | (Written & { readonly act: 'file'; readonly name: string; readonly size: number })
  | (Written & { readonly act: 'edit'; readonly target: number; readonly text: string })
  | (Written & { readonly act: 'delete'; readonly target: number })
  | (Written & { readonly act: 'react'; readonly target: number; readonly emoji: string; readonly on: boolean })
  | (Written & { readonly act: 'rename'; readonly name: string });

export type Membership =
  | { readonly act: 'make'; readonly by: DeviceName; readonly chat: number; readonly members: readonly number[] }
  | (Acting & { readonly act: 'invite' | 'remove'; readonly person: number })
  | (Acting & { readonly act: 'leave' });

/** `settle`: the day goes on when every device that is on shows everything that was done. */
export type Happening =
  | { readonly act: 'login' | 'off' | 'on' | 'restart'; readonly by: DeviceName }
  | { readonly act: 'cut' | 'heal' | 'kill'; readonly branch: number }
  | { readonly act: 'settle' };

export type Step = Writing | Membership | Happening;

export interface DayShape {
  readonly branches: number;
  readonly people: number;
  /** Things that people do, besides what has to happen. */
  readonly acts: number;
  readonly groups: number;
  /** Bytes of the largest file. */
  readonly largestFile: number;
}

export interface Day {
  readonly seed: number;
  readonly shape: DayShape;
  readonly steps: readonly Step[];
}

/** People are spread evenly. */
export function branchOf(person: number, { branches }: Pick<DayShape, 'branches'>): number {
  return person % branches;
}

export function isWriting(step: Step): step is Writing {
  return 'event' in step;
}

export function deviceKey({ person, device }: DeviceName): string {
  return `${person}/${device}`;
}
