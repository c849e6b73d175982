// One request over a control socket.
import { type IncomingMessage, request } from 'node:http';
import { CanopyError, LocalError, messageOf, UnreachableError } from '../realm/errors.ts';
import { socketPath } from './socket-path.ts';

/** The program that serves the socket doesn't run: exit code 3. */
export class NotRunningError extends CanopyError {}

export interface SocketRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: object | undefined;
  /** Milliseconds for the whole exchange. */
  readonly deadline: number;
}

export interface SocketAnswer {
  readonly status: number;
  readonly answer: unknown;
}

/** An answer above this is none of ours. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** Nobody listens: there is no socket, or one that a killed program left. */
const NOBODY = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'];

/** @throws NotRunningError `not-running`; UnreachableError `no-answer`; LocalError */
export async function callSocket(socket: string, call: SocketRequest): Promise<SocketAnswer> {
  const short = await socketPath(socket).catch((cause: unknown) => {
    throw connectError(socket, cause);
  });
  try {
    const response = await exchange(short.path, call);
    return { status: response.statusCode ?? 0, answer: await readJson(response) };
  } catch (cause) {
    throw connectError(socket, cause);
  } finally {
    await short.release();
  }
}

function exchange(socketPath: string, call: SocketRequest): Promise<IncomingMessage> {
  const { method, path, body, deadline } = call;
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(deadline);
    const outgoing = request({ socketPath, method, path, headers, signal }, resolve);
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > MAX_ANSWER) throw new LocalError('bad-answer', `the server's answer is above ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function connectError(socket: string, cause: unknown): Error {
  if (cause instanceof CanopyError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (NOBODY.includes(code)) {
    return new NotRunningError('not-running', `the server is not running (nobody answers at ${socket})`, {
      cause,
      hint: `Run: canopy start --dir ${socket.slice(0, socket.lastIndexOf('/'))}`,
    });
  }
  if (
    cause instanceof Error &&
    (cause.name === 'TimeoutError' || cause.name === 'AbortError' || code === 'ABORT_ERR')
  ) {
    return new UnreachableError('no-answer', `the server gave no answer in time (${socket})`, { cause });
  }
  return new LocalError('control-socket', `the control socket ${socket} cannot be used: ${messageOf(cause)}`, {
    cause,
    hint: 'Run as the user who started the server.',
  });
}
