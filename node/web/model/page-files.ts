// What files need of the page: pictures made small, URLs to play and save from. A test has another one.

import type { FileSource } from '../../../src/client/client.ts';
import type { Preview } from '../../../src/crypto/files/file-card.ts';
import type { ServedFile } from '../worker/served-files.ts';

export interface PageFiles {
  /** Whether anything can be played: false where there is no service worker. */
  readonly ready: Promise<boolean>;
  /** A URL that counts until it is withdrawn. */
  serve(file: ServedFile): string;
  withdraw(url: string): void;
  /** Hands a URL to the browser's downloads. */
  save(url: string): void;
  /** A small picture of a picture or a film; undefined where there is none to make. */
  preview(source: FileSource): Promise<Preview | undefined>;
  /** The middle of a picture, as small as a group shows it; undefined for what is none. */
  groupPicture(source: FileSource): Promise<Uint8Array | undefined>;
}
