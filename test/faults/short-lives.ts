// A region whose authority and leaves end soon, made anew by its root before it starts: what joins below it ends no later.
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { createOwnLeaf } from '../../src/pki/bootstrap.ts';
import { fingerprintOf, writeChainPem } from '../../src/pki/chain.ts';
import { issueAuthority } from '../../src/pki/issue.ts';
import { localSigner, readAuthorityKeyPem } from '../../src/pki/keys.ts';
import { readPem } from '../../src/pki/pem.ts';
import { ROLES } from '../../src/realm/names.ts';
import { openDataDirectory, readOptional } from '../../src/settings/data-directory.ts';
import { readChain, writeChain, writeCredential } from '../../src/settings/key-files.ts';

/** @param lifetime milliseconds of the authority, and so of its leaves */
export async function shortenRegion(dir: string, lifetime: number, now = Date.now()): Promise<void> {
  const directory = await openDataDirectory(dir);
  const [root = new Uint8Array()] = readPem('CERTIFICATE', await text(directory.root.certificate));
  const [own] = checkAuthorities(await readChain(directory.authority));
  if (!own) throw new Error('the region has no authority');
  const { realm, tier, certificate } = own;
  const signer = localSigner(readAuthorityKeyPem(await text(directory.root.key)));
  const chain = await issueAuthority({
    signer,
    chain: [root],
    realm,
    tier,
    now,
    publicKey: certificate.spki,
    lifetime,
  });
  await writeChain(directory.authority, writeChainPem(chain));
  const authority = { keyPem: await text(directory.authority.key), chainPem: writeChainPem(chain) };
  for (const role of ROLES) {
    const leaf = await createOwnLeaf({ authority, rootFingerprint: fingerprintOf(root), role, now });
    await writeCredential(directory[role], leaf);
  }
}

async function text(path: string): Promise<string> {
  return (await readOptional(path)) ?? '';
}
