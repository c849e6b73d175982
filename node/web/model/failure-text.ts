// Codes of failures as sentences. Each says what is the matter and what to do.
import { type ErrorParams, paramsOf } from '../../../src/client/client.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import type { TextKey } from '../text/texts.ts';
import type { Wording } from './wording.ts';

const SENTENCES: Readonly<Record<string, TextKey>> = {
  'login-refused': 'error.loginRefused',
  'wrong-password': 'error.loginRefused',
  'login-backoff': 'error.loginBackoff',
  'server-unreachable': 'error.unreachable',
  'account-disabled': 'error.accountDisabled',
  'branch-locked': 'login.branchLocked',
  'login-busy': 'error.loginBusy',
  'body-too-long': 'error.tooLong',
  'text-too-long': 'error.tooLong',
  'id-conflict': 'error.conflict',
  'user-unknown': 'error.noRecipient',
  'recipient-unknown': 'error.noRecipient',
  'user-disabled': 'error.noRecipient',
  'session-ended': 'error.sessionEnded',
  'password-unchanged': 'password.same',
  'password-too-short': 'password.short',
  'password-too-long': 'password.long',
  'recovery-key-character': 'error.recoveryKey',
  'recovery-key-length': 'error.recoveryKey',
  'recovery-key-group': 'error.recoveryKey',
  'vault-rolled-back': 'error.vaultRolledBack',
  'vault-forked': 'error.vaultForked',
  'vault-gone': 'error.vaultGone',
  'vault-secret-wrong': 'error.recoveryWrong',
  'login-again': 'error.loginAgain',
  'identity-other': 'error.identityOther',
  'identity-unproven': 'error.identityUnproven',
  'device-is-this': 'error.deviceIsThis',
  'recipient-no-device': 'error.recipientNoDevice',
  'disk-full': 'error.diskFull',
  'store-damaged': 'error.storeDamaged',
  'cache-full': 'error.noRoom',
  'quota-exceeded': 'error.quota',
  'store-full': 'error.storeFull',
  'file-changed': 'error.fileChanged',
  'evidence-gone': 'error.evidenceGone',
  'evidence-unproven': 'error.evidenceUnproven',
  'picture-unreadable': 'error.pictureUnreadable',
  'picture-too-large': 'error.pictureUnreadable',
  'bad-photo': 'error.pictureUnreadable',
  'photo-rate': 'profile.photoRate',
  'read-only': 'error.readOnly',
  expired: 'error.expired',
  'message-expired': 'error.expired',
  'lookup-rate': 'error.lookupRate',
  'no-way': 'error.noWay',
  busy: 'error.noWay',
  'errand-rate': 'error.noWay',
  timeout: 'error.timeout',
  'destination-forbidden': 'error.destinationForbidden',
  'trust-scope': 'error.trustScope',
};

export interface Failure {
  readonly code: string;
  readonly params: ErrorParams;
}

/** What any thrown value says; parameters are read where the error carries them. */
export function failureOf(error: unknown): Failure {
  return { code: codeOf(error), params: paramsOf(error) };
}

export function failureText(words: Wording, failure: Failure): string {
  const key = Object.hasOwn(SENTENCES, failure.code) ? SENTENCES[failure.code] : undefined;
  if (!key) return words.t(isOfVault(failure) ? 'error.vaultRefused' : 'error.other', { code: failure.code });
  const count = failure.params['count'] ?? failure.params['retryAfter'];
  return words.t(key, typeof count === 'number' ? { count: Math.max(1, Math.ceil(count)) } : {});
}

/** What a client says of a vault that is not the one it knows. */
function isOfVault({ code }: Failure): boolean {
  return code.startsWith('vault-');
}
