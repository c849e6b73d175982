// Calls to the HTTP part of the LAN API: one request, one answer, both of a known form, within a deadline.
import * as v from 'valibot';
import { API_PREFIX } from '../protocols/lan/limits.ts';
import { errorAnswer } from '../protocols/lan/routes.ts';
import type { Clock } from '../realm/clock.ts';
import { UnreachableError } from '../realm/errors.ts';
import { failure, failureOfStatus, notCanopy } from './failure.ts';
import type { HttpAnswer, HttpFetch, HttpInit } from './platform.ts';

/** Milliseconds for one request. */
const REQUEST_DEADLINE = 20_000;

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
    return this.#call('GET', path, undefined, schema, signal);
  }

  post<T>(path: string, body: object, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
    return this.#call('POST', path, JSON.stringify(body), schema, signal);
  }

  async #call<T>(method: string, path: string, body: string | undefined, schema: Schema<T>, signal?: AbortSignal) {
    const answer = await this.#exchange(method, path, body, signal);
    if (answer.status >= 400) {
      const refusal = v.safeParse(errorAnswer, answer.body);
      if (!refusal.success) throw notCanopy();
      throw failureOfStatus(answer.status, refusal.output.error.code, refusal.output.error.params);
    }
    const result = v.safeParse(schema, answer.body);
    if (!result.success) throw notCanopy(new v.ValiError(result.issues));
    return result.output;
  }

  async #exchange(method: string, path: string, body: string | undefined, signal?: AbortSignal) {
    const { server, fetch, clock } = this.#components;
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal?.reason);
    const deadline = clock.after(REQUEST_DEADLINE, () => abort.abort(new Error('no answer in time')));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      const answer = await fetch(new URL(API_PREFIX + path, server).href, this.#init(method, body, abort.signal));
      return { status: answer.status, body: await jsonOf(answer) };
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw unreachable(cause);
    } finally {
      deadline.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #init(method: string, body: string | undefined, signal: AbortSignal): HttpInit {
    const token = this.#components.token();
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, signal, credentials: 'same-origin', redirect: 'error' } as const;
    return body === undefined ? init : { ...init, body };
  }
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
