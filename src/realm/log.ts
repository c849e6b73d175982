// What a part needs of a logger: constant lower-case phrases with fields. Message text, keys and tokens never reach one.

export interface Log {
  debug(fields: object, phrase: string): void;
  info(fields: object, phrase: string): void;
  warn(fields: object, phrase: string): void;
  error(fields: object, phrase: string): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
