// How a program of a data directory (node/main.ts, relay/main.ts) runs: `--dir DIR` names the directory; the lock says
// that only one of its kind runs there; one message tells that it is ready or why not (over IPC to the supervisor, else
// as a JSON line on stdout); SIGTERM, SIGINT or the end of the supervisor stops it in order.
import { parseArgs } from 'node:util';
import { InputError, messageOf } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import type { Role } from '../realm/names.ts';
import { untilAborted } from '../realm/until-aborted.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { errorForm } from './error-form.ts';
import { acquireLock, type Lock } from './lock.ts';
import { programLog } from './program-log.ts';
import { type RealmFile, readRealmFile, requireProgram } from './realm-file.ts';
import { readSettings, type Settings } from './settings.ts';

export interface ProgramContext {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly realm: RealmFile;
  readonly log: Log;
  /** Aborts when the program is told to stop. */
  readonly signal: AbortSignal;
}

export interface RunningProgram {
  /** Fields of the ready message. */
  readonly ready: object;
  stop(): Promise<void>;
}

/** An orderly stop that takes longer is cut off. */
const STOP_DEADLINE = 10_000;

export async function runProgram(
  role: Role,
  start: (context: ProgramContext) => Promise<RunningProgram>,
): Promise<void> {
  const stopping = stopSignal();
  let lock: Lock | undefined;
  try {
    const directory = await openDataDirectory(directoryArgument());
    lock = await acquireLock(directory.lock[role]);
    const context = await readContext(directory, role, stopping);
    keepAlive(context.log);
    const program = await start(context);
    await tell({ ready: true, ...program.ready });
    context.log.info({}, 'ready');
    await untilAborted(stopping);
    setTimeout(() => process.exit(1), STOP_DEADLINE).unref();
    await program.stop();
    context.log.info({}, 'stopped');
  } catch (error) {
    if (!stopping.aborted) {
      process.exitCode = 1;
      await tell({ ready: false, error: errorForm(error) });
    }
  } finally {
    await lock?.release();
  }
  process.exit();
}

async function readContext(directory: DataDirectory, role: Role, signal: AbortSignal): Promise<ProgramContext> {
  const realm = await readRealmFile(directory);
  requireProgram(realm, role);
  const { settings } = await readSettings(directory, process.env);
  return { directory, settings, realm, signal, log: programLog(settings.log.level, realm.realm, role) };
}

function directoryArgument(): string {
  const { values } = parseArgs({ options: { dir: { type: 'string' } } });
  const dir = values.dir ?? process.env['CANOPY_DIR'];
  if (!dir) throw new InputError('no-directory', 'no data directory was named', { hint: 'Add --dir DIR.' });
  return dir;
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop);
  process.on('disconnect', stop);
  return controller.signal;
}

/** A promise that nobody waited for ends its own work and not the process; an exception in no context does end it. */
function keepAlive(log: Log): void {
  process.on('unhandledRejection', (reason) => {
    log.error(
      { error: messageOf(reason), stack: reason instanceof Error ? reason.stack : undefined },
      'unhandled rejection',
    );
  });
}

function tell(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, undefined, undefined, () => resolve());
    else process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve());
  });
}
