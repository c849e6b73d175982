// The version of what the database holds. Key: ('format') -> the number as decimal text. Migrations only go forward; a database
// that a newer Canopy wrote is refused, because an older one would misread it.
import { LocalError } from '../realm/errors.ts';
import type { Engine, Write } from './engine.ts';
import { key, under } from './keys.ts';

/** Brings a database of the version before to `to`; its writes and the new version are one atomic write. */
export interface Migration {
  readonly to: number;
  writes(engine: Engine): Promise<readonly Write[]>;
}

/** Version 1 is the first: an empty database becomes it without a step. */
const FIRST = 1;
export const migrations: readonly Migration[] = [];

const FORMAT = key('format');

function newest(steps: readonly Migration[]): number {
  return steps.reduce((most, step) => Math.max(most, step.to), FIRST);
}

function versionWrite(version: number): Write {
  return { type: 'put', key: FORMAT, value: new TextEncoder().encode(String(version)) };
}

async function isEmpty(engine: Engine): Promise<boolean> {
  for await (const _ of engine.iterate({ ...under(), limit: 1 })) return false;
  return true;
}

async function readVersion(engine: Engine): Promise<number | undefined> {
  const stored = await engine.get(FORMAT);
  if (!stored) {
    if (await isEmpty(engine)) return undefined;
    throw new LocalError('store-damaged', 'The database holds data but no format version', {
      hint: 'Restore the latest backup of this directory.',
    });
  }
  return Number(new TextDecoder().decode(stored));
}

/** @throws LocalError `format-newer`, `store-damaged` */
export async function bringForward(engine: Engine, steps: readonly Migration[]): Promise<void> {
  const target = newest(steps);
  const found = await readVersion(engine);
  if (found === undefined) return engine.write([versionWrite(target)]);
  if (!(found <= target)) {
    throw new LocalError('format-newer', `The database has format ${found}, this Canopy knows up to ${target}`, {
      hint: 'Start the version of Canopy that wrote it, or a newer one.',
    });
  }
  for (const step of [...steps].sort((a, b) => a.to - b.to)) {
    if (step.to > found) await engine.write([...(await step.writes(engine)), versionWrite(step.to)]);
  }
}
