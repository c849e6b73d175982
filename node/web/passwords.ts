// The client library's passwords, worked out in a Worker: Argon2 takes half a second and 64 MiB, which the page should
// not feel, and its code is loaded only then.
import type { Passwords } from '../../src/client/client.ts';
import type { LoginProof, OpaqueAnswer, Registration } from '../../src/crypto/login.ts';
import { LocalError, RefusedError } from '../../src/realm/errors.ts';
import type { FromWorker, PasswordTask, ToWorker } from './password-messages.ts';
// oxlint-disable-next-line import/default -- what `?worker&url` gives is made by vite
import workerAddress from './password-worker.ts?worker&url';
import { trustedAddress } from './trusted-types.ts';

type Exchange = (request: string) => Promise<OpaqueAnswer>;

export const workerPasswords: Passwords = {
  async proveLogin(password, realm, exchange): Promise<LoginProof> {
    const result = await inWorker({ kind: 'proveLogin', password, realm }, exchange);
    if (!('finish' in result)) throw wrongResult();
    return result;
  },
  async registerPassword(password, realm, exchange): Promise<Registration> {
    const result = await inWorker({ kind: 'registerPassword', password, realm }, exchange);
    if (!('record' in result)) throw wrongResult();
    return result;
  },
};

function wrongResult(): LocalError {
  return new LocalError('worker-failed', 'the worker gave the result of another task');
}

async function inWorker(task: PasswordTask, exchange: Exchange): Promise<LoginProof | Registration> {
  const worker = new Worker(trustedAddress(workerAddress), { type: 'module' });
  const say = (message: ToWorker): void => worker.postMessage(message, []);
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('error', () => reject(new LocalError('worker-failed', 'the worker did not start')));
      worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === 'exchange') exchange(data.request).then((answer) => say({ kind: 'answer', answer }), reject);
        else if (data.kind === 'done') resolve(data.result);
        else reject(new RefusedError(data.code, data.message));
      });
      say({ kind: 'task', task });
    });
  } finally {
    worker.terminate();
  }
}
