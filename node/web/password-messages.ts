// What the page and the worker that stretches passwords say to each other. A worker does one thing and ends:
//
//   page: task           what to prove or register
//   worker: exchange     the first message, for the server
//   page: answer         the server's answer
//   worker: done | failed
import type { LoginProof, OpaqueAnswer, Registration } from '../../src/crypto/login.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface PasswordTask {
  readonly kind: 'proveLogin' | 'registerPassword';
  readonly password: string;
  readonly realm: RealmName;
}

export type ToWorker =
  | { readonly kind: 'task'; readonly task: PasswordTask }
  | { readonly kind: 'answer'; readonly answer: OpaqueAnswer };

export type FromWorker =
  | { readonly kind: 'exchange'; readonly request: string }
  | { readonly kind: 'done'; readonly result: LoginProof | Registration }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
