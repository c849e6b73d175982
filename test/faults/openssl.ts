// What openssl says of chains and lists, asked as an operator would ask it.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Chain } from '../../src/pki/chain.ts';
import { type PemLabel, writePem } from '../../src/pki/pem.ts';

const run = promisify(execFile);

export class Openssl {
  readonly #folder: string;
  #files = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Of the chain's first certificate; with lists, whether its issuer has revoked it. */
  async verify([first, ...above]: Chain, lists: readonly Uint8Array[] = []): Promise<string> {
    const root = await this.#file('CERTIFICATE', above.slice(-1));
    const middle = above.length > 1 ? ['-untrusted', await this.#file('CERTIFICATE', above.slice(0, -1))] : [];
    const crls = lists.length > 0 ? ['-crl_check', '-CRLfile', await this.#file('X509 CRL', lists)] : [];
    const own = await this.#file('CERTIFICATE', first ? [first] : []);
    return this.#run(['verify', '-x509_strict', '-CAfile', root, ...middle, ...crls, own]);
  }

  /** Of a list's signature by an authority. */
  async verifyList(list: Uint8Array, authority: Chain): Promise<string> {
    const [ca, crl] = [await this.#file('CERTIFICATE', authority), await this.#file('X509 CRL', [list])];
    return this.#run(['crl', '-in', crl, '-CAfile', ca, '-verify', '-noout']);
  }

  async #file(label: PemLabel, ders: readonly Uint8Array[]): Promise<string> {
    const path = join(this.#folder, `openssl-${this.#files++}.pem`);
    await writeFile(path, writePem(label, ders));
    return path;
  }

  #run(words: readonly string[]): Promise<string> {
    return run('openssl', words).then(
      ({ stdout, stderr }) => `${stdout}${stderr}`,
      (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
    );
  }
}
