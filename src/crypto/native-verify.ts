// Ed25519 by the surroundings' own cryptography, where they have it: several times as quick as ours in script, which counts where
// a device opens a whole history. The answer is the same as verifyLabelled() gives, whatever the surroundings do with odd encodings:
// theirs is taken only when they accept, and only for keys that ours would accept; all else is decided by ours.
import { ed25519 } from '@noble/curves/ed25519.js';
import { toString } from 'uint8arrays/to-string';
import { labelled, verifyLabelled } from './identity.ts';

/** Keys that were looked at last; as many devices may write in the conversations that are read at one time. */
const MAX_KEYS = 512;

type NativeKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const native = new Map<string, Promise<NativeKey | undefined>>();

/** Never rejects. */
export async function verifyNatively(
  publicKey: Uint8Array,
  label: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await keyOf(publicKey);
  if (key && (await accepts(key, signature, labelled(label, bytes)))) return true;
  return verifyLabelled(publicKey, label, bytes, signature);
}

async function accepts(key: NativeKey, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  try {
    return await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(bytes));
  } catch {
    return false;
  }
}

function keyOf(publicKey: Uint8Array): Promise<NativeKey | undefined> {
  const name = toString(publicKey, 'base64url');
  const known = native.get(name);
  native.delete(name);
  const key = known ?? imported(publicKey);
  native.set(name, key);
  if (native.size > MAX_KEYS) native.delete(native.keys().next().value ?? name);
  return key;
}

/** Undefined for a key that no signature may come from, and where there is no Ed25519 but ours. */
async function imported(publicKey: Uint8Array): Promise<NativeKey | undefined> {
  try {
    if (ed25519.Point.fromBytes(publicKey, false).isSmallOrder()) return undefined;
    return await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify']);
  } catch {
    return undefined;
  }
}
