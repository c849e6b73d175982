// Certificates whose bytes are not what DER or RFC 5280 ask for. Each is signed again after the change.
import { concat } from 'uint8arrays/concat';
import { fromString } from 'uint8arrays/from-string';
import { ECDSA_SHA256 } from '../../src/pki/certificate-form.ts';
import { readOne, readSequence, TAG, writeDer } from '../../src/pki/der.ts';
import { assemble, flip, forge, resign, signed } from './forge.ts';
import { type Bench, chainWith, type Vector } from './vector.ts';

const DER = 'certificates are read as strict DER';
const hex = (text: string): Uint8Array => fromString(text, 'hex');

function leaf(bench: Bench, name: string, expect: string, node: Uint8Array, stricter?: string): Vector {
  return {
    name,
    expect,
    ...(stricter === undefined ? {} : { stricter }),
    subject: 'leaf',
    chain: chainWith(bench, { node }),
  };
}

/** The fields of the signed part with one of them replaced; its index as in RFC 5280 section 4.1. */
function withField(index: number, field: (old: Uint8Array) => Uint8Array): (fields: Uint8Array[]) => Uint8Array[] {
  return (fields) => fields.map((old, at) => (at === index ? field(old) : old));
}

const SERIAL = 1;
const VALIDITY = 4;
const EXTENSIONS = 7;
const EXTENSIONS_TAG = 0xa3;

function resigned({ world, rightful }: Bench): (change: (fields: Uint8Array[]) => readonly Uint8Array[]) => Uint8Array {
  return (change) => resign(rightful.node, world.keys.branch, change);
}

/** The list of extensions with something added. */
function addExtension(field: Uint8Array, added: (list: readonly Uint8Array[]) => Uint8Array): Uint8Array {
  const { content } = readOne(field, EXTENSIONS_TAG, 'the extensions');
  const list = readSequence(content, 'the extensions').map(({ whole }) => whole);
  return writeDer(EXTENSIONS_TAG, writeDer(TAG.sequence, ...list, added(list)));
}

function encodings(bench: Bench): Vector[] {
  const { node } = bench.rightful;
  const [tbs, algorithm, signature] = readSequence(node, 'the certificate').map(({ whole }) => whole);
  if (!tbs || !algorithm || !signature) throw new Error('the rightful leaf is no certificate');
  const body = concat([tbs, algorithm, signature]);
  const size = Uint8Array.of(body.length >> 8, body.length & 0xff);
  return [
    leaf(bench, 'leaf that is cut off', 'cert-malformed', node.subarray(0, -1)),
    leaf(bench, 'leaf with a byte after its end', 'cert-malformed', concat([node, Uint8Array.of(0)]), DER),
    leaf(bench, 'leaf of indefinite length', 'cert-malformed', concat([hex('3080'), body, hex('0000')]), DER),
    leaf(
      bench,
      'leaf with a length that is not the shortest',
      'cert-malformed',
      concat([hex('308300'), size, body]),
      DER,
    ),
    leaf(bench, 'leaf of no bytes', 'cert-malformed', new Uint8Array()),
    leaf(bench, 'leaf that is a text', 'cert-malformed', fromString('hello')),
    leaf(bench, 'leaf with an altered signature', 'cert-bad-signature', flip(node, 1)),
    leaf(bench, 'leaf altered after signing', 'cert-bad-signature', alterSerial(node)),
  ];
}

/** Another serial number in the same place. */
function alterSerial(node: Uint8Array): Uint8Array {
  const copy = node.slice();
  // Two headers of four bytes, the version's five, and the serial's two.
  const at = 4 + 4 + 5 + 2;
  copy[at] = (copy[at] ?? 0) ^ 0x01;
  return copy;
}

function fields(bench: Bench): Vector[] {
  const again = resigned(bench);
  const { branch } = bench.world.keys;
  const unextended = (all: readonly Uint8Array[]) => all.slice(1, EXTENSIONS);
  const SERIALS = 'a serial number is positive, at most 20 bytes (RFC 5280 section 4.1.2.2)';
  const time = (text: string, tag: number): Uint8Array => writeDer(tag, fromString(text, 'ascii'));
  const validity = (from: Uint8Array) =>
    again(withField(VALIDITY, (old) => writeDer(TAG.sequence, from, readSequence(old, 'v')[1]?.whole ?? old)));
  const { generalizedTime, utcTime } = TAG;
  const sha384 = hex('300a06082a8648ce3d040303');
  const tbs384 =
    readSequence(
      again((all) => all.map((old, at) => (at === 2 ? sha384 : old))),
      'c',
    )[0]?.whole ?? hex('');
  return [
    leaf(bench, 'leaf of version 1', 'cert-malformed', again(unextended), 'a certificate is of version 3'),
    leaf(
      bench,
      'leaf of version 4',
      'cert-malformed',
      again(withField(0, () => hex('a003020103'))),
      'a certificate is of version 3',
    ),
    leaf(
      bench,
      'leaf with a negative serial number',
      'cert-malformed',
      again(withField(SERIAL, () => hex('0201ff'))),
      SERIALS,
    ),
    leaf(
      bench,
      'leaf with the serial number 0',
      'cert-malformed',
      again(withField(SERIAL, () => hex('020100'))),
      SERIALS,
    ),
    leaf(
      bench,
      'leaf with a serial number of 21 bytes',
      'cert-malformed',
      again(withField(SERIAL, () => hex(`0215${'11'.repeat(21)}`))),
      SERIALS,
    ),
    leaf(bench, 'leaf with a padded serial number', 'cert-malformed', again(withField(SERIAL, () => hex('02020001')))),
    leaf(
      bench,
      'leaf with a date before 2050 in the long form',
      'cert-malformed',
      validity(time('20270101000000Z', generalizedTime)),
      DER,
    ),
    leaf(bench, 'leaf with a time zone', 'cert-malformed', validity(time('270101000000+0200', utcTime))),
    leaf(bench, 'leaf with a 13th month', 'cert-malformed', validity(time('261301000000Z', utcTime))),
    leaf(bench, 'leaf with the 30th of February', 'cert-malformed', validity(time('260230000000Z', utcTime))),
    leaf(
      bench,
      'leaf signed with SHA-384',
      'cert-algorithm',
      assemble(tbs384, sha384, signed(tbs384, branch, 'sha384')),
      'one signature algorithm is allowed',
    ),
    leaf(
      bench,
      'leaf that names two algorithms',
      'cert-algorithm',
      assemble(tbs384, ECDSA_SHA256, signed(tbs384, branch, 'sha256')),
    ),
  ];
}

function extensions(bench: Bench): Vector[] {
  const again = resigned(bench);
  const add = (added: (list: readonly Uint8Array[]) => Uint8Array) =>
    again(withField(EXTENSIONS, (old) => addExtension(old, added)));
  const note = (size: number) =>
    writeDer(TAG.sequence, hex('06032a0304'), writeDer(TAG.octetString, new Uint8Array(size)));
  return [
    leaf(
      bench,
      'leaf with its name twice',
      'cert-malformed',
      add((list) => list[3] ?? note(1)),
    ),
    leaf(
      bench,
      'leaf with an extension that states its default',
      'cert-malformed',
      add(() => hex('300c06032a030401010004020500')),
      DER,
    ),
    leaf(
      bench,
      'leaf with a truth value of 1',
      'cert-malformed',
      add(() => hex('300c06032a030401010104020500')),
    ),
    leaf(
      bench,
      'leaf of more than 4096 bytes',
      'cert-malformed',
      add(() => note(4096)),
      'a certificate has at most 4096 bytes',
    ),
    leaf(
      bench,
      'leaf with an extension that is noted only',
      'ok',
      add(() => note(8)),
    ),
  ];
}

async function rootForm(bench: Bench): Promise<Vector[]> {
  const root = flip(await forge(bench.world, 'root'), 1);
  return [
    {
      name: 'root with an altered signature',
      expect: 'cert-bad-signature',
      stricter: 'openssl does not check what it trusts already',
      subject: 'leaf',
      chain: chainWith(bench, { root }),
      root,
    },
  ];
}

export async function formCases(bench: Bench): Promise<Vector[]> {
  return [...encodings(bench), ...fields(bench), ...extensions(bench), ...(await rootForm(bench))];
}
