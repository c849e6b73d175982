// A region on loopback that runs for the tests of one file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { type RunningRealm, startRealm } from '../../cli/supervisor/start-realm.ts';
import { canopy } from './run-cli.ts';

export interface RunningRegion {
  /** Everything of the tests lies below. */
  readonly folder: string;
  readonly dir: string;
  start(dir: string, only?: 'node' | 'relay'): Promise<RunningRealm>;
  invite(name: string, ...more: string[]): Promise<string>;
  /** Stops the region and starts it again, as it stands on disk. */
  restart(): Promise<void>;
  /** Ends the process of the region's own relay for good; the node goes on. */
  stopRelay(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of init and join that put a realm on free ports of loopback. */
export async function loopbackOptions(): Promise<string[]> {
  const [lan, wan, stun] = await freePorts(3);
  return [
    '--lan',
    `127.0.0.1:${lan}`,
    '--wan',
    `127.0.0.1:${wan}`,
    '--announce',
    `127.0.0.1:${wan}`,
    '--stun',
    `127.0.0.1:${stun}`,
  ];
}

export async function runRegion(): Promise<RunningRegion> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-test-'));
  const dir = join(folder, 'ua');
  const running: RunningRealm[] = [];
  const start = async (of: string, only?: 'node' | 'relay'): Promise<RunningRealm> => {
    const logFile = (role: string) => join(of, `${role}.log`);
    const realm = await startRealm({
      dir: of,
      only,
      env: process.env,
      logFile,
      signal: new AbortController().signal,
      say: () => {},
    });
    running.push(realm);
    return realm;
  };
  const made = await canopy(['init', 'region', 'ua', '--dir', dir, ...(await loopbackOptions())]);
  if (made.code !== 0) throw new Error(made.stderr);
  let own = [await start(dir)];
  const stopOwn = async () => {
    for (const realm of own) await realm.supervisor.stop();
    running.splice(0, running.length, ...running.filter((realm) => !own.includes(realm)));
  };
  return {
    folder,
    dir,
    start,
    invite: async (name, ...more) => {
      const { code, stdout, stderr } = await canopy(['invite', 'enterprise', name, '--dir', dir, ...more]);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    restart: async () => {
      await stopOwn();
      own = [await start(dir, 'node'), await start(dir, 'relay')];
    },
    stopRelay: async () => {
      const relay = own.at(-1);
      await relay?.supervisor.stop();
      running.splice(0, running.length, ...running.filter((realm) => realm !== relay));
    },
    stop: async () => {
      for (const realm of running.toReversed()) await realm.supervisor.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
