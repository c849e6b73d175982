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
  await start(dir);
  return {
    folder,
    dir,
    start,
    invite: async (name, ...more) => {
      const { code, stdout, stderr } = await canopy(['invite', 'enterprise', name, '--dir', dir, ...more]);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    stop: async () => {
      for (const realm of running.toReversed()) await realm.supervisor.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
