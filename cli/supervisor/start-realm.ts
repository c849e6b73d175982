// From a data directory to a running realm: what `canopy start` and the demonstration share.
import { join } from 'node:path';
import * as v from 'valibot';
import { systemClock } from '../../src/realm/clock.ts';
import type { RealmName, Role } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile, requireProgram } from '../../src/settings/realm-file.ts';
import { type Environment, readSettings } from '../../src/settings/settings.ts';
import { Supervisor } from './supervisor.ts';

export interface RealmStart {
  readonly dir: string;
  readonly env: Environment;
  /** Only this program, of a split branch. */
  readonly only?: Role | undefined;
  readonly logFile?: (role: Role) => string;
  /** Gives up what is starting; what runs is stopped by the supervisor. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface RunningRealm {
  readonly realm: RealmName;
  /** Where clients log in; undefined when the node doesn't run here. */
  readonly lan: string | undefined;
  /** Multiaddrs of the relay; empty when it doesn't run here. */
  readonly relay: readonly string[];
  readonly supervisor: Supervisor;
}

const ROOT = join(import.meta.dirname, '..', '..');
const SCRIPTS: Readonly<Record<Role, string>> = {
  node: join(ROOT, 'node', 'main.ts'),
  relay: join(ROOT, 'relay', 'main.ts'),
};

const nodeReady = v.object({ lan: v.string() });
const relayReady = v.object({ relay: v.array(v.string()) });

/** Resolves when clients can log in. When it rejects, nothing runs. */
export async function startRealm(start: RealmStart): Promise<RunningRealm> {
  const directory = await openDataDirectory(start.dir);
  const file = await readRealmFile(directory);
  // Read here first, so that a wrong setting is one error and not two.
  await readSettings(directory, start.env);
  if (start.only) requireProgram(file, start.only);
  const supervisor = new Supervisor({
    dir: directory.path,
    programs: (start.only ? [start.only] : file.programs).map((role) => ({ role, script: SCRIPTS[role] })),
    env: start.env,
    clock: systemClock,
    say: start.say,
    ...(start.logFile ? { logFile: start.logFile } : {}),
  });
  const giveUp = () => void supervisor.stop();
  start.signal.throwIfAborted();
  start.signal.addEventListener('abort', giveUp, { once: true });
  const ready = await supervisor.start().finally(() => start.signal.removeEventListener('abort', giveUp));
  return {
    realm: file.realm,
    lan: ready.node && v.parse(nodeReady, ready.node).lan,
    relay: ready.relay ? v.parse(relayReady, ready.relay).relay : [],
    supervisor,
  };
}
