// The keys of the own authority: the one that issues, and while it has only just replaced another, that one, whose last duty is to
// sign the lists that revoke what it has issued. Each is used by a signing process of its own; that of the old one is started by
// the first list it has to sign.
import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { type KeyName, keyName } from '../../src/pki/keys.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import { SignerClient } from './signer-client.ts';

/** Where a key lies, and its chain: own certificate first, root last. */
export interface KeyAndChain {
  readonly keyFile: string;
  readonly chain: Chain;
}

interface Held {
  readonly signer: SignerClient;
  readonly chain: Chain;
}

export class AuthorityKeys {
  readonly #log: Log;
  #present: Held;
  #old: Held | undefined;

  constructor(present: KeyAndChain, old: KeyAndChain | undefined, log: Log) {
    this.#log = log;
    this.#present = { chain: present.chain, signer: new SignerClient({ keyFile: present.keyFile }, { log }) };
    this.#old = old && this.#lists(old);
  }

  get present(): Held {
    return this.#present;
  }

  /** The one that was replaced and is not retired yet. */
  get old(): { readonly chain: Chain } | undefined {
    return this.#old;
  }

  /** @throws InputError `bad-key`, LocalError `signer-failed` */
  start(): Promise<void> {
    return this.#present.signer.start();
  }

  async stop(): Promise<void> {
    await this.#present.signer.stop();
    await this.#old?.signer.stop();
  }

  /** Another certificate of the same key. */
  renewed(chain: Chain): void {
    this.#present = { ...this.#present, chain };
  }

  /** A started signer takes over. Resolves to what ends the process of the key that went. */
  replaced(next: Held, old: KeyAndChain): () => Promise<void> {
    const { signer } = this.#present;
    this.#present = next;
    this.#old = this.#lists(old);
    return () => signer.stop();
  }

  async retired(): Promise<void> {
    const old = this.#old;
    this.#old = undefined;
    await old?.signer.stop();
  }

  /** The one that has issued what is to be revoked. @throws RefusedError `authority-retired` */
  of(key: KeyName): Held {
    const found = [this.#present, this.#old].find((held) => held && nameOf(held.chain) === key);
    if (found) return found;
    throw new RefusedError('authority-retired', 'that was certified by a key which this authority has retired', {
      hint: 'What it had certified was revoked when it was retired. The realm above can revoke that authority as a whole.',
    });
  }

  #lists({ keyFile, chain }: KeyAndChain): Held {
    return { chain, signer: new SignerClient({ keyFile, purpose: 'lists' }, { log: this.#log }) };
  }
}

/** The key of a chain's first certificate. */
export function nameOf([own]: Chain): KeyName {
  return keyName(parseCertificate(own ?? new Uint8Array()).spki);
}
