// The node's side of the signing process: starts it with as few rights as the host allows, and asks it to sign. Node's permission model leaves
// it its own four source files and the key file; a network namespace of its own, where the host lets us make one, leaves it
// no network. A child that has died is started again by the next signature.
import { type ChildProcess, fork } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Signer } from '../../src/pki/keys.ts';
import { isP256Spki } from '../../src/pki/p256.ts';
import { InputError, LocalError, messageOf, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { syncFolder } from '../../src/settings/private-file.ts';

export interface SignerClientInit {
  /** The authority's key, PKCS#8 PEM, mode 0600. */
  readonly keyFile: string;
  /** `lists`: it signs revocation lists alone. `make`: the child makes the key when there is none; its folder exists. */
  readonly purpose?: 'lists' | 'make';
}

export interface SignerClientComponents {
  readonly log: Log;
}

/** How the child gets a network namespace: as root, as a user, not at all. */
const ISOLATIONS = [
  { name: 'network namespace', command: ['unshare', '-n'] },
  { name: 'user and network namespace', command: ['unshare', '-Urn'] },
  { name: 'none', command: [] },
] as const;
type Isolation = (typeof ISOLATIONS)[number];

const START_DEADLINE = 15_000;
const SIGN_DEADLINE = 10_000;
const STOP_DEADLINE = 2000;

const ENTRY = fileURLToPath(new URL('signer-process.ts', import.meta.url));
/** Everything that the child loads. */
const READABLE = [
  'signer-process.ts',
  'signing-rules.ts',
  '../../src/pki/der.ts',
  '../../src/realm/errors.ts',
  '../../package.json',
].map((file) => fileURLToPath(new URL(file, import.meta.url)));

interface Running {
  readonly child: ChildProcess;
  readonly publicKey: Uint8Array;
  readonly isolation: Isolation['name'];
}

interface Waiting {
  resolve(signature: Uint8Array): void;
  reject(error: Error): void;
}

export class SignerClient implements Signer {
  readonly #init: SignerClientInit;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  #starting: Promise<Running> | undefined;
  #publicKey: Uint8Array | undefined;
  #isolation: Isolation['name'] = 'none';
  #next = 1;
  #stopped = false;

  constructor(init: SignerClientInit, components: SignerClientComponents) {
    this.#init = init;
    this.#log = components.log;
  }

  /** @throws InputError `bad-key`, LocalError `signer-failed` */
  async start(): Promise<void> {
    this.#stopped = false;
    const { publicKey, isolation } = await this.#running();
    // What the child may have made is there after a power cut, too.
    if (this.#init.purpose === 'make') await syncFolder(dirname(this.#init.keyFile));
    this.#isolation = isolation;
    this.#publicKey = publicKey;
    if (isolation === 'none') this.#log.warn({}, 'signing process shares the network of the host');
    else this.#log.debug({ isolation }, 'signing process has no network');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const running = await this.#starting?.catch(() => undefined);
    this.#starting = undefined;
    if (running) await end(running.child);
  }

  get publicKey(): Uint8Array {
    if (!this.#publicKey) throw new LocalError('signer-failed', 'the signing process has not started');
    return this.#publicKey;
  }

  /** Whether the child is cut off from the network, for `status`. */
  get isolation(): string {
    return this.#isolation;
  }

  /** Process id of the child, while it runs. */
  async pid(): Promise<number | undefined> {
    return (await this.#starting)?.child.pid;
  }

  /** @throws RefusedError `signer-refused`, LocalError `signer-failed` */
  sign = async (data: Uint8Array): Promise<Uint8Array> => {
    if (this.#stopped) throw new LocalError('signer-failed', 'the signing process has been stopped');
    const { child } = await this.#running();
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(failed('did not answer in time'))), SIGN_DEADLINE);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        finish();
      };
      this.#waiting.set(id, {
        resolve: (signature) => settle(() => resolve(signature)),
        reject: (error) => settle(() => reject(error)),
      });
      child.send({ id, data }, (error) => {
        if (error) this.#waiting.get(id)?.reject(failed('cannot be reached', error));
      });
    });
  };

  #running(): Promise<Running> {
    this.#starting ??= this.#launch().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #launch(): Promise<Running> {
    let last: unknown;
    for (const isolation of ISOLATIONS) {
      try {
        const running = await launch(isolation, this.#init);
        this.#watch(running.child);
        if (isP256Spki(running.publicKey)) return running;
        await end(running.child);
        throw new InputError('bad-key', `${this.#init.keyFile} holds no ECDSA P-256 key`);
      } catch (error) {
        if (error instanceof InputError) throw error;
        last = error;
      }
    }
    throw failed(`did not start: ${messageOf(last)}`, last);
  }

  #watch(child: ChildProcess): void {
    child.on('message', (message: unknown) => this.#receive(message));
    child.on('exit', (code, signal) => {
      this.#starting = undefined;
      for (const waiting of this.#waiting.values()) waiting.reject(failed(`ended (${signal ?? code})`));
      if (!this.#stopped) this.#log.warn({ code, signal }, 'signing process ended');
    });
  }

  #receive(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('id' in message) || typeof message.id !== 'number') return;
    const waiting = this.#waiting.get(message.id);
    if ('signature' in message && message.signature instanceof Uint8Array) waiting?.resolve(message.signature);
    else if ('reason' in message) {
      this.#log.error({ reason: String(message.reason) }, 'signing process refused');
      waiting?.reject(
        new RefusedError('signer-refused', `the signing process does not sign ${String(message.reason)}`),
      );
    }
  }
}

function failed(what: string, cause?: unknown): LocalError {
  return new LocalError('signer-failed', `the signing process ${what}`, cause === undefined ? {} : { cause });
}

function launch({ name, command }: Isolation, { keyFile, purpose }: SignerClientInit): Promise<Running> {
  const [wrapper, ...wrapperArguments] = command;
  const made = purpose === 'make' ? [keyFile, `${keyFile}.new`] : [];
  const rights = [
    '--permission',
    ...[...READABLE, keyFile, ...made].map((file) => `--allow-fs-read=${file}`),
    ...made.map((file) => `--allow-fs-write=${file}`),
  ];
  const child = fork(ENTRY, [keyFile, purpose ?? 'all'], {
    execPath: wrapper ?? process.execPath,
    execArgv: [
      ...wrapperArguments,
      ...(wrapper ? [process.execPath] : []),
      ...rights,
      '--disable-warning=ExperimentalWarning',
      '--max-old-space-size=32',
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Nothing of our environment: it may hold secrets, and settings of Node that the child's rights forbid.
    env: { PATH: process.env['PATH'] },
  });
  return untilReady(child).then((publicKey) => ({ child, publicKey, isolation: name }));
}

/** The child's public key; kills the child when none comes in time. */
function untilReady(child: ChildProcess): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-500);
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(failed('did not start in time'));
    }, START_DEADLINE);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(failed('cannot be started', error));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(failed(`ended at once with ${code}: ${said.trim()}`));
    });
    child.once('message', (message: unknown) => {
      clearTimeout(timer);
      const key =
        typeof message === 'object' && message !== null && 'publicKey' in message ? message.publicKey : undefined;
      if (key instanceof Uint8Array) resolve(key);
      else reject(failed('spoke out of turn'));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE);
  if (child.connected) child.disconnect();
  await gone;
  clearTimeout(timer);
}
