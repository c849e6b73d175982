// The signing process: a child of the node without network and without files but its key. It loads the authority's key, says
// its public half, and signs what signing-rules.ts lets pass, a limited number a minute. It ends with its parent.
//
// Messages over the IPC channel (structured clone). Child: {kind:'ready', publicKey: SPKI}, then for each request
// {kind:'signed', id, signature} or {kind:'refused', id, reason}. Parent: {id, data}.
//
// Arguments: the key's file, and what it is for: `all`, `lists` (a key that was replaced), or `make`, which makes the key first when
// there is none: so it is never in the node's memory.
//
// It starts with the node, so it imports only node:crypto, node:fs and the rules.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { objectionTo } from './signing-rules.ts';

const MAX_PER_MINUTE = 600;
const MINUTE = 60_000;

const PRIVATE_FILE = 0o600;

const [, , keyFile = '', purpose = 'all'] = process.argv;
const scope = purpose === 'lists' ? 'lists' : 'all';
if (purpose === 'make' && !existsSync(keyFile)) makeKey();
const key = createPrivateKey(readFileSync(keyFile, 'utf8'));
let current = { minute: 0, count: 0 };

/** Written through to the disk (the permission model has no fsync) and then renamed: there is a whole key or none. */
function makeKey(): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { O_WRONLY, O_CREAT, O_TRUNC, O_SYNC } = constants;
  const file = openSync(`${keyFile}.new`, O_WRONLY | O_CREAT | O_TRUNC | O_SYNC, PRIVATE_FILE);
  writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  closeSync(file);
  renameSync(`${keyFile}.new`, keyFile);
}

function isOverLimit(): boolean {
  const minute = Math.floor(Date.now() / MINUTE);
  current = { minute, count: current.minute === minute ? current.count + 1 : 1 };
  return current.count > MAX_PER_MINUTE;
}

function answer(id: number, data: Uint8Array): object {
  const reason = objectionTo(data, scope) ?? (isOverLimit() ? 'too many signatures in one minute' : undefined);
  if (reason !== undefined) return { kind: 'refused', id, reason };
  return { kind: 'signed', id, signature: new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'der' })) };
}

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('id' in message) || !('data' in message)) return;
  const { id, data } = message;
  if (typeof id === 'number' && data instanceof Uint8Array) process.send?.(answer(id, data));
});
process.on('disconnect', () => process.exit(0));
// The parent decides when the node stops; a Ctrl+C in a terminal reaches the whole group.
process.on('SIGINT', () => {});

const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
process.send?.({ kind: 'ready', publicKey: new Uint8Array(spki) });
