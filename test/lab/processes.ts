// The processes below a program of the laboratory: which of them is the node and which the relay, to kill one as a crash would.
import { readdirSync, readFileSync } from 'node:fs';
import type { Role } from '../../src/realm/names.ts';
import type { Program } from './program.ts';

const SCRIPTS: Readonly<Record<Role, string>> = { node: 'node/main.ts', relay: 'relay/main.ts' };

/** The process that runs a realm's node or relay, below `canopy start`. @throws when there is none */
export function processOf(program: Program, role: Role): number {
  const found = descendants(program.pid ?? 0).find((pid) =>
    commandLine(pid).some((word) => word.endsWith(SCRIPTS[role])),
  );
  if (found === undefined) throw new Error(`no ${role} runs below process ${program.pid}`);
  return found;
}

/** Ends a program and everything below it at once, as a power cut does. */
export function killAll(program: Program): void {
  const { pid } = program;
  if (pid === undefined) return;
  for (const each of [pid, ...descendants(pid)]) kill(each);
}

/** SIGKILL; who is gone already is as dead as wanted. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Everything started by a process or by what it started. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const below = (root: number): number[] =>
    [...parents].flatMap(([child, parent]) => (parent === root ? [child, ...below(child)] : []));
  return below(pid);
}

/** proc_pid_stat(5): the name in brackets may hold anything, what follows it not. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
