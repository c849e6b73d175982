// Where a file comes from and where it goes, as the client's surroundings have it: a File of a browser, a path of a disk, memory.
import type { Preview } from '../../crypto/files/file-card.ts';

export interface FileSource {
  readonly name: string;
  readonly size: number;
  /** A media type, or empty. */
  readonly type: string;
  /** The same for the same file at another time, and another one when its content has changed: path or name, size, time of change. */
  readonly mark: string;
  /** Exactly these bytes. @throws whatever reading throws */
  read(from: number, length: number): Promise<Uint8Array>;
  /** A small picture, where the surroundings can make one. */
  preview?(): Promise<Preview | undefined>;
}

export interface FileSink {
  /** Bytes that an earlier, interrupted run has left; 0 for none. */
  have(): Promise<number>;
  read(from: number, length: number): Promise<Uint8Array>;
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** All is there and is what it should be: give it its name. */
  finish(): Promise<void>;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal;
  /** Bytes of ciphertext that are at the server, or here. */
  readonly onProgress?: (progress: Progress) => void;
}
