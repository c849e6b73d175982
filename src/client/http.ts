// Calls to the HTTP part of the LAN API: one request, one answer, both of a known form, within a deadline.
import * as v from 'valibot';
import { API_PREFIX } from '../protocols/lan/limits.ts';
import { errorAnswer } from '../protocols/lan/routes.ts';
import type { Clock } from '../realm/clock.ts';
import { CanopyError, UnreachableError } from '../realm/errors.ts';
import { failure, failureOfStatus, notCanopy } from './failure.ts';
import type { HttpAnswer, HttpFetch, HttpInit } from './platform.ts';

/** Milliseconds for one request. */
const REQUEST_DEADLINE = 20_000;
/** The same for one with a piece of a file, which may still be on its way to the server. */
const PIECE_DEADLINE = 90_000;
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/;

const JSON_TYPE = 'application/json';
const BYTES_TYPE = 'application/octet-stream';

/** A part of something larger. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly size: number;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly deadline?: number;
}

type Schema<T> = v.BaseSchema<unknown, T, v.BaseIssue<unknown>>;

export interface HttpComponents {
  readonly server: string;
  readonly fetch: HttpFetch;
  readonly clock: Pick<Clock, 'after'>;
  /** The bearer token, when the session is one. */
  readonly token: () => string | undefined;
}

export class Http {
  readonly #components: HttpComponents;

  constructor(components: HttpComponents) {
    this.#components = components;
  }

  get<T>(path: string, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
    return this.#call({ method: 'GET', path }, schema, signal);
  }

  post<T>(path: string, body: object, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
    return this.#call({ method: 'POST', path, type: JSON_TYPE, body: JSON.stringify(body) }, schema, signal);
  }

  /** Sends bytes as they are. */
  postBytes<T>(path: string, body: Uint8Array<ArrayBuffer>, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
    return this.#call({ method: 'POST', path, type: BYTES_TYPE, body, deadline: PIECE_DEADLINE }, schema, signal);
  }

  /** Bytes `from` up to `to` (exclusive) of what lies there, and the size of all of it. */
  async range(path: string, from: number, to: number, signal?: AbortSignal): Promise<Piece> {
    const headers = { range: `bytes=${from}-${to - 1}` };
    return this.#exchange({ method: 'GET', path, headers, deadline: PIECE_DEADLINE }, readPiece, signal);
  }

  #call<T>(request: Request, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
    const read = async (answer: HttpAnswer): Promise<T> => {
      const result = v.safeParse(schema, await jsonOf(answer));
      if (!result.success) throw notCanopy(new v.ValiError(result.issues));
      return result.output;
    };
    return this.#exchange(request, read, signal);
  }

  async #exchange<T>(request: Request, read: (answer: HttpAnswer) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { server, fetch, clock } = this.#components;
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal?.reason);
    const { deadline = REQUEST_DEADLINE, path } = request;
    const timer = clock.after(deadline, () => abort.abort(new Error('no answer in time')));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      const answer = await fetch(new URL(API_PREFIX + path, server).href, this.#init(request, abort.signal));
      if (answer.status >= 400) throw await refusalOf(answer);
      return await read(answer);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw cause instanceof CanopyError ? cause : unreachable(cause);
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #init({ method, body, type, headers: more = {} }: Request, signal: AbortSignal): HttpInit {
    const token = this.#components.token();
    const headers: Record<string, string> = { accept: 'application/json', ...more };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (type !== undefined) headers['content-type'] = type;
    const init = { method, headers, signal, credentials: 'same-origin', redirect: 'error' } as const;
    return body === undefined ? init : { ...init, body };
  }
}

async function refusalOf(answer: HttpAnswer): Promise<CanopyError> {
  const refusal = v.safeParse(errorAnswer, await jsonOf(answer));
  if (!refusal.success) return notCanopy();
  return failureOfStatus(answer.status, refusal.output.error.code, refusal.output.error.params);
}

/** Of an answer that carries what was asked for, neither more nor less. */
async function readPiece(answer: HttpAnswer): Promise<Piece> {
  const match = CONTENT_RANGE.exec(answer.headers.get('content-range') ?? '');
  const [from, last, size] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 206 || !match || bytes.length !== last - from + 1) throw notCanopy();
  return { bytes, from, size };
}

async function jsonOf(answer: HttpAnswer): Promise<unknown> {
  try {
    return await answer.json();
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** A certificate that is not trusted is the one network failure that trying again can't mend. */
function unreachable(cause: unknown): UnreachableError {
  const text = String(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause);
  const code = /certificate|CERT_|self.signed|SELF_SIGNED|ALTNAME/i.test(text)
    ? 'server-certificate'
    : 'server-unreachable';
  return failure(UnreachableError, code, {}, cause);
}
