// What the library needs of its surroundings, so that it runs in a browser, in Node and in a simulation alike. The
// defaults are the global fetch and WebSocket.

export interface HttpAnswer {
  readonly status: number;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
  readonly headers: { get(name: string): string | null };
}

export interface HttpInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
  readonly credentials?: 'same-origin';
  readonly redirect?: 'error';
}

export type HttpFetch = (url: string, init: HttpInit) => Promise<HttpAnswer>;

/** The part of a WebSocket that is used here; the one of browsers and the one of `ws` both fit. */
export interface LiveSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
}

/** `headers` carry the session of a client without cookies; a browser, which can't send any, gets none. */
export type OpenSocket = (url: string, protocol: string, headers: Record<string, string>) => LiveSocket;

/**
 * A small place of the client's own: the cursor, and what waits to be sent. It may be as durable as the surroundings
 * allow; without one both end with the client. Keys begin with the user's id.
 */
export interface ClientStorage {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
}

export function memoryStorage(): ClientStorage {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
    keys: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
  };
}
