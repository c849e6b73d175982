// What doctor looks at on the host itself; the server need not run.
import { readFile, stat, statfs } from 'node:fs/promises';
import { messageOf } from '../../src/realm/errors.ts';
import type { Role } from '../../src/realm/names.ts';
import type { DataDirectory } from '../../src/settings/data-directory.ts';
import { formatHostPort, type HostPort } from '../../src/settings/host-port.ts';
import { type Environment, readSettings, type Settings } from '../../src/settings/settings.ts';
import { type Finding, note, ok, problem } from './finding.ts';
import { portError } from './port-check.ts';

const OTHERS = 0o077;
const MIB = 1024 * 1024;
/** Below it writes are about to fail; twice as much is worth a word. */
const LITTLE_DISK = 512 * MIB;
/** A relay holds a socket for each peer and each forwarded connection. */
const FEW_FILES = 4096;

/** Keys are for their owner alone. */
export async function checkPermissions(directory: DataDirectory): Promise<Finding[]> {
  const { authority, node, relay, lan } = directory;
  const replacing = [authority.old.key, authority.next.key, node.next.key, relay.next.key];
  const secrets = [authority.key, node.key, relay.key, lan.key, ...replacing];
  const paths = [directory.path, ...secrets, directory.lan.authorityKey, directory.root.key];
  const open: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found && (found.mode & OTHERS) !== 0) open.push(path);
  }
  if (open.length === 0) return [ok('permissions', 'keys are readable by their owner alone')];
  return open.map((path) => problem('permissions', `${path} is open to others`, `chmod go-rwx ${path}`));
}

/** The offline root's key has no business on a running server. */
export async function checkRootKey(directory: DataDirectory): Promise<Finding[]> {
  const found = await stat(directory.root.key).catch(() => undefined);
  if (!found) return [];
  const next = `Move the folder to a medium in a safe, and a copy to another one: ${directory.root.folder}`;
  return [note('root-key', "the root's key lies on this host", next)];
}

export interface CheckedSettings {
  readonly findings: readonly Finding[];
  readonly settings?: Settings;
}

export async function checkSettings(directory: DataDirectory, env: Environment): Promise<CheckedSettings> {
  try {
    const { settings } = await readSettings(directory, env);
    return { settings, findings: [ok('settings', 'canopy.toml and the environment are understood')] };
  } catch (error) {
    const next = 'Run: canopy config show --dir DIR    after correcting it';
    return { findings: [problem('settings', messageOf(error), next)] };
  }
}

export async function checkDisk({ path }: DataDirectory): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const what = `${Math.floor(free / MIB)} MiB are free for ${path}`;
  if (free < LITTLE_DISK) return [problem('disk', what, 'Make room: without it new messages are refused.')];
  return [free < 2 * LITTLE_DISK ? note('disk', what, 'Make room soon.') : ok('disk', what)];
}

/** Of the running programs; an own shell's limit says nothing about theirs. */
export async function checkFileLimits(
  programs: readonly { readonly role: Role; readonly pid?: number }[],
): Promise<Finding[]> {
  const found = await Promise.all(programs.map(({ role, pid }) => (pid === undefined ? [] : fileLimitOf(role, pid))));
  return found.flat();
}

async function fileLimitOf(role: Role, pid: number): Promise<Finding[]> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(limit)) return [];
  const what = `the ${role} may open ${limit} files`;
  const next = 'Raise LimitNOFILE of the service (ulimit -n) to 65536.';
  return [limit < FEW_FILES ? note('file-limit', what, next) : ok('file-limit', what)];
}

/** Whether somebody else has a port that a program which doesn't run will want. */
export async function checkPorts(settings: Settings, roles: readonly Role[]): Promise<Finding[]> {
  const wanted: [HostPort, string][] = [
    ...(roles.includes('node') ? [[settings.lan.listen, 'lan.listen'] satisfies [HostPort, string]] : []),
    ...(roles.includes('relay') ? settings.relay.listen.map((at): [HostPort, string] => [at, 'relay.listen']) : []),
    ...(roles.includes('relay') ? settings.relay.stun.map((at): [HostPort, string] => [at, 'relay.stun']) : []),
  ];
  const findings: Finding[] = [];
  for (const [at, key] of wanted) {
    const error = await portError(at);
    const what = `${formatHostPort(at)} for ${key} is ${error === undefined ? 'free' : `not free: ${error}`}`;
    const next = `Stop what uses it (ss -tlnp), or set another ${key} in canopy.toml.`;
    findings.push(error === undefined ? ok('port', what) : problem('port', what, next));
  }
  return findings;
}
