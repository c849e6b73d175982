// Stretches a password away from the page, which stays alive meanwhile.
import { proveLogin, registerPassword } from '../../src/crypto/login.ts';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import type { FromWorker, PasswordTask, ToWorker } from './password-messages.ts';

const answered = Promise.withResolvers<Extract<ToWorker, { kind: 'answer' }>['answer']>();

function tell(message: FromWorker): void {
  postMessage(message);
}

async function run({ kind, password, realm }: PasswordTask): Promise<void> {
  const work = kind === 'proveLogin' ? proveLogin : registerPassword;
  try {
    const result = await work(password, realm, (request) => {
      tell({ kind: 'exchange', request });
      return answered.promise;
    });
    tell({ kind: 'done', result });
  } catch (error) {
    tell({ kind: 'failed', code: codeOf(error), message: messageOf(error) });
  }
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'task') void run(data.task);
  else answered.resolve(data.answer);
});
