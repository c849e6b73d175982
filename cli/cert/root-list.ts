// The offline root's own revocation list: it revokes authorities of its region whose keys were replaced. The list lies beside the key,
// in `lists.pem`, since each new one holds what the one before it held.
import { join } from 'node:path';
import { type CheckedAuthority, checkAuthorities } from '../../src/pki/authority-path.ts';
import { createCrl, type RevokedCertificate, readCrl } from '../../src/pki/crl.ts';
import { localSigner, readAuthorityKeyPem } from '../../src/pki/keys.ts';
import { readPem, writePem } from '../../src/pki/pem.ts';
import { ConflictError, InputError } from '../../src/realm/errors.ts';
import { readOptional } from '../../src/settings/data-directory.ts';
import { writePrivateFile } from '../../src/settings/private-file.ts';
import { readGivenText } from '../given-file.ts';

const SECOND = 1000;
const SERIAL = /^[0-9a-f]{1,40}$/;

/**
 * The root's next list as PEM, which is in its folder, too, when this resolves.
 * @throws InputError `bad-serial`; ConflictError `already-revoked`
 */
export async function revokeByRoot(folder: string, serial: string, now: number): Promise<string> {
  if (!SERIAL.test(serial)) throw new InputError('bad-serial', `"${serial}" is not a serial number in hex`);
  const key = readAuthorityKeyPem(await readGivenText(join(folder, 'key.pem')));
  const [root] = checkAuthorities(readPem('CERTIFICATE', await readGivenText(join(folder, 'cert.pem'))));
  if (!root) throw new InputError('bad-pem', `${folder}/cert.pem holds no certificate`);
  const path = join(folder, 'lists.pem');
  const before = await readBefore(path, root);
  const at = Math.ceil(now / SECOND) * SECOND;
  if (before.revoked.some((one) => one.serial === serial))
    throw new ConflictError('already-revoked', `the root has revoked ${serial} before`, {
      hint: `Its list is ${path}.`,
    });
  const number = Math.max(before.number + 1, Math.floor(at / SECOND));
  const revoked = [...before.revoked, { serial, at }];
  const crl = { number, thisUpdate: now, nextUpdate: root.certificate.notAfter, revoked };
  const pem = writePem('X509 CRL', [await createCrl(crl, root, localSigner(key))]);
  await writePrivateFile(path, pem);
  return pem;
}

interface Before {
  readonly number: number;
  readonly revoked: readonly RevokedCertificate[];
}

async function readBefore(path: string, root: CheckedAuthority): Promise<Before> {
  const text = await readOptional(path);
  const [list] = text === undefined ? [] : readPem('X509 CRL', text);
  return list ? readCrl(list, root) : { number: 0, revoked: [] };
}
