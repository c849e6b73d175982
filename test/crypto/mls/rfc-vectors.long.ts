// The test vectors of RFC 9420's working group (mlswg/mls-implementations, folder test-vectors), suite 1, on the library as we ship it,
// patch included. They come without a licence, so they are not in this tree: CANOPY_MLS_VECTORS names the folder. Without it this is
// skipped, loudly.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  acceptAll,
  type ClientState,
  decodeMlsMessage,
  emptyPskIndex,
  joinGroup,
  type KeyPackage,
  makePskIndex,
  processMessage,
  type RatchetTree,
} from 'ts-mls';
import { refhash } from 'ts-mls/crypto/hash.js';
import { decryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import { decodeRatchetTree, resolution } from 'ts-mls/ratchetTree.js';
import { treeHash } from 'ts-mls/treeHash.js';
import { toNodeIndex } from 'ts-mls/treemath.js';
import * as v from 'valibot';
import { SUITE } from '../../../src/crypto/mls/suite.ts';

const FOLDER = process.env['CANOPY_MLS_VECTORS'];
if (FOLDER === undefined) console.error('!! RFC 9420 vectors skipped: CANOPY_MLS_VECTORS names no folder');
const HOW = { timeout: 600_000, skip: FOLDER === undefined };

const hex = v.pipe(
  v.string(),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
);

function vectors<S extends v.GenericSchema>(name: string, schema: S): v.InferOutput<S>[] {
  const all = v.parse(v.array(v.looseObject({ cipher_suite: v.number() })), read(name));
  const ours = all.filter((vector) => vector.cipher_suite === 1);
  assert.ok(ours.length > 0);
  return ours.map((vector) => v.parse(schema, vector));
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER ?? '', `${name}.json`), 'utf8'));
}

const basics = v.object({
  derive_secret: v.object({ label: v.string(), out: hex, secret: hex }),
  expand_with_label: v.object({ secret: hex, label: v.string(), context: hex, length: v.number(), out: hex }),
  ref_hash: v.object({ label: v.string(), out: hex, value: hex }),
  sign_with_label: v.object({ pub: hex, content: hex, label: v.string(), signature: hex }),
  encrypt_with_label: v.object({
    priv: hex,
    label: v.string(),
    context: hex,
    plaintext: hex,
    kem_output: hex,
    ciphertext: hex,
  }),
});

test('crypto basics', HOW, async () => {
  for (const one of vectors('crypto-basics', basics)) {
    const { derive_secret: d, expand_with_label: e, ref_hash: r, sign_with_label: s, encrypt_with_label: c } = one;
    assert.deepEqual(await deriveSecret(d.secret, d.label, SUITE.kdf), d.out);
    assert.deepEqual(await expandWithLabel(e.secret, e.label, e.context, e.length, SUITE.kdf), e.out);
    assert.deepEqual(await refhash(r.label, r.value, SUITE.hash), r.out);
    assert.ok(await verifyWithLabel(s.pub, s.label, s.content, s.signature, SUITE.signature));
    const key = await SUITE.hpke.importPrivateKey(c.priv);
    assert.deepEqual(
      await decryptWithLabel(key, c.label, c.context, c.kem_output, c.ciphertext, SUITE.hpke),
      c.plaintext,
    );
  }
});

const validation = v.object({
  tree: hex,
  group_id: hex,
  tree_hashes: v.array(hex),
  resolutions: v.array(v.array(v.number())),
});

test('trees: hashes, resolutions and parent hashes', HOW, async () => {
  for (const { tree: encoded, tree_hashes: hashes, resolutions } of vectors('tree-validation', validation)) {
    const tree = treeOf(encoded);
    for (const [at, hash] of hashes.entries()) {
      assert.deepEqual(await treeHash(tree, toNodeIndex(at), SUITE.hash), hash);
      assert.deepEqual(resolution(tree, toNodeIndex(at)), resolutions[at]);
    }
    assert.ok(await verifyParentHashes(tree, SUITE.hash));
  }
});

test('a tree with one parent hash altered does not hold', HOW, async () => {
  let altered = 0;
  for (const { tree: encoded } of vectors('tree-validation', validation)) {
    const tree = treeOf(encoded);
    for (const [at, node] of tree.entries()) {
      if (node?.nodeType !== 'leaf' || node.leaf.leafNodeSource !== 'commit') continue;
      const parentHash = node.leaf.parentHash.map((byte) => byte ^ 1);
      const other = tree.with(at, { ...node, leaf: { ...node.leaf, parentHash } });
      assert.equal(await verifyParentHashes(other, SUITE.hash), false);
      altered += 1;
    }
  }
  assert.ok(altered > 0);
});

function treeOf(encoded: Uint8Array): RatchetTree {
  const decoded = decodeRatchetTree(encoded, 0);
  assert.equal(decoded?.[1], encoded.length);
  return decoded?.[0] ?? [];
}

const passive = v.object({
  key_package: hex,
  signature_priv: hex,
  encryption_priv: hex,
  init_priv: hex,
  welcome: hex,
  ratchet_tree: v.nullable(hex),
  initial_epoch_authenticator: hex,
  external_psks: v.array(v.object({ psk_id: hex, psk: hex })),
  epochs: v.array(v.object({ proposals: v.array(hex), commit: hex, epoch_authenticator: hex })),
});
type Passive = v.InferOutput<typeof passive>;

for (const name of ['passive-client-welcome', 'passive-client-handling-commit', 'passive-client-random']) {
  test(`${name}: a client that follows has each epoch's authenticator`, HOW, async () => {
    for (const vector of vectors(name, passive)) await follow(vector);
  });
}

async function follow(vector: Passive): Promise<void> {
  const psks = Object.fromEntries(
    vector.external_psks.map(({ psk_id: id, psk }) => [Buffer.from(id).toString('base64'), psk]),
  );
  let state = await join9420(vector, psks);
  assert.deepEqual(state.keySchedule.epochAuthenticator, vector.initial_epoch_authenticator);
  for (const { proposals, commit, epoch_authenticator: authenticator } of vector.epochs) {
    for (const message of [...proposals, commit]) state = await take(state, message, psks);
    assert.deepEqual(state.keySchedule.epochAuthenticator, authenticator);
  }
}

function join9420(vector: Passive, psks: Record<string, Uint8Array>): Promise<ClientState> {
  const welcome = decodeMlsMessage(vector.welcome, 0)?.[0];
  assert.ok(welcome?.wireformat === 'mls_welcome');
  const keys = {
    initPrivateKey: vector.init_priv,
    hpkePrivateKey: vector.encryption_priv,
    signaturePrivateKey: vector.signature_priv,
  };
  const tree = vector.ratchet_tree ? treeOf(vector.ratchet_tree) : undefined;
  const index = Object.keys(psks).length > 0 ? makePskIndex(undefined, psks) : emptyPskIndex;
  return joinGroup(welcome.welcome, keyPackageOf(vector.key_package), keys, index, SUITE, tree);
}

function keyPackageOf(encoded: Uint8Array): KeyPackage {
  const message = decodeMlsMessage(encoded, 0)?.[0];
  assert.ok(message?.wireformat === 'mls_key_package');
  return message.keyPackage;
}

async function take(state: ClientState, bytes: Uint8Array, psks: Record<string, Uint8Array>): Promise<ClientState> {
  const message = decodeMlsMessage(bytes, 0)?.[0];
  assert.ok(message?.wireformat === 'mls_public_message' || message?.wireformat === 'mls_private_message');
  return (await processMessage(message, state, makePskIndex(state, psks), acceptAll, SUITE)).newState;
}
