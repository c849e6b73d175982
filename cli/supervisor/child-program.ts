// One program of a realm as a process of its own: started, asked whether it is ready, watched, stopped.
import { type ChildProcess, fork } from 'node:child_process';
import { openSync } from 'node:fs';
import * as v from 'valibot';
import { LocalError, UnreachableError } from '../../src/realm/errors.ts';
import type { Role } from '../../src/realm/names.ts';
import { ENGINE_FLAGS } from '../../src/settings/engine-flags.ts';
import { errorFromForm } from '../../src/settings/error-form.ts';
import type { Environment } from '../../src/settings/settings.ts';

/** A program that has not said that it is ready by then is given up. */
const READY_DEADLINE = 60_000;
/** A program that was told to stop and is still there is killed. */
const STOP_DEADLINE = 12_000;

const readyMessage = v.looseObject({ ready: v.literal(true) });
const failedMessage = v.object({ ready: v.literal(false), error: v.unknown() });

export interface ChildInit {
  readonly role: Role;
  /** What is run. */
  readonly script: string;
  readonly dir: string;
  readonly env: Environment;
  /** Where its log goes; undefined: to our stderr. */
  readonly logFile?: string | undefined;
}

/** Fields of a program's ready message. */
export type Ready = Readonly<Record<string, unknown>>;

export class ChildProgram {
  readonly role: Role;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  #exited = false;

  constructor(init: ChildInit) {
    this.role = init.role;
    const log = init.logFile === undefined ? 'inherit' : openSync(init.logFile, 'a', 0o600);
    this.#child = fork(init.script, ['--dir', init.dir], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...init.env },
      execArgv: [...ENGINE_FLAGS[init.role]],
    });
    this.gone = new Promise((resolve) => {
      const done = () => {
        this.#exited = true;
        resolve();
      };
      this.#child.once('exit', done);
      this.#child.once('error', done);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The fields of its ready message. @throws what the program says, or LocalError `program-ended`, UnreachableError `program-silent` */
  async ready(): Promise<Ready> {
    const timer = AbortSignal.timeout(READY_DEADLINE);
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message) => {
        const ready = v.safeParse(readyMessage, message);
        const failed = v.safeParse(failedMessage, message);
        if (ready.success) resolve(ready.output);
        else if (failed.success) reject(errorFromForm(failed.output.error));
      });
      void this.gone.then(() => reject(this.#ended()));
      timer.addEventListener('abort', () => reject(this.#silent()));
    });
  }

  /** Resolves when the process is gone, in order or by force. */
  async stop(): Promise<void> {
    if (this.#exited) return;
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE);
    await this.gone;
    clearTimeout(killer);
  }

  #ended(): LocalError {
    const { exitCode, signalCode } = this.#child;
    return new LocalError(
      'program-ended',
      `the ${this.role} ended (${signalCode ?? `exit code ${exitCode}`}) before it was ready`,
      {
        hint: 'Its log above tells more.',
      },
    );
  }

  #silent(): UnreachableError {
    return new UnreachableError('program-silent', `the ${this.role} was not ready within ${READY_DEADLINE / 1000} s`);
  }
}
