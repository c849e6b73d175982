// From an error of ours to what travels: a status, a code, parameters. No sentence, no stack, nothing of the inside.
import type { ErrorParams } from '../../src/protocols/lan/routes.ts';
import {
  CanopyError,
  ConflictError,
  InputError,
  LocalError,
  PeerError,
  RefusedError,
  UnreachableError,
} from '../../src/realm/errors.ts';

export interface WireRefusal {
  readonly status: number;
  readonly code: string;
  readonly params: ErrorParams;
}

/** Codes whose status does not follow from whose fault it is. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'session-missing': 401,
  'wrong-password': 401,
  'device-wiped': 401,
  'vault-none': 404,
  'unknown-device': 404,
  'vault-full': 507,
  'login-backoff': 429,
  'login-busy': 429,
  'lookup-rate': 429,
  'user-unknown': 404,
  'conversation-unknown': 404,
  'message-unknown': 404,
  'epoch-unknown': 404,
  'intent-limit': 429,
  'group-rate': 429,
  'mail-rate': 429,
  'commit-too-long': 413,
  'group-info-too-long': 413,
  'blob-unknown': 404,
  'upload-unknown': 404,
  'blob-expired': 410,
  'blob-busy': 429,
  'too-many-uploads': 429,
  'file-too-long': 413,
  'quota-exceeded': 507,
  'store-full': 507,
  'disk-full': 507,
  'body-too-long': 413,
  'request-too-long': 413,
};

export function refusalOf(error: unknown): WireRefusal {
  if (!(error instanceof CanopyError)) return { status: 500, code: 'internal', params: {} };
  const status = Object.hasOwn(STATUS_OF_CODE, error.code) ? STATUS_OF_CODE[error.code] : undefined;
  return { status: status ?? statusOfKind(error), code: error.code, params: paramsOf(error) };
}

function statusOfKind(error: CanopyError): number {
  if (error instanceof RefusedError) return 403;
  if (error instanceof ConflictError) return 409;
  if (error instanceof InputError || error instanceof PeerError) return 400;
  if (error instanceof LocalError || error instanceof UnreachableError) return 503;
  return 500;
}

/** What clients act on: when something may be tried again, in seconds on the wire; which epoch a commit must be based on. */
function paramsOf(error: CanopyError): ErrorParams {
  if ('epoch' in error && typeof error.epoch === 'number') return { epoch: error.epoch };
  if (!('retryAfter' in error) || typeof error.retryAfter !== 'number') return {};
  return { retryAfter: Math.ceil(error.retryAfter / 1000) };
}
