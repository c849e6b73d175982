// The frames of the overlay's protocols: round trips, truncations, what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import {
  decodeAnswer,
  decodeHello,
  decodeVerdict,
  encodeAnswer,
  encodeHello,
  encodeVerdict,
  MAX_ADMISSION_FRAME,
} from '../../src/overlay/admission/codec.ts';
import * as enrol from '../../src/overlay/enrol/index.ts';
import { forwardAddress, parseForwardAddress, registerAddresses } from '../../src/overlay/forward/address.ts';
import { decodeHeader, decodeReply, encodeHeader, encodeReply } from '../../src/overlay/forward/codec.ts';
import { decodeReports, encodeReports } from '../../src/overlay/paths/index.ts';
import * as pipes from '../../src/overlay/pipe/index.ts';
import { MAX_SIGNED_CRL } from '../../src/pki/revocations.ts';
import { CanopyError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';

/** Records with the prototype that decoded values have. */
const plain = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const realm = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => parseRealmName(labels.join('.')));
const code = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/).filter((text) => text !== 'ok');
const chain = fc.array(fc.uint8Array({ minLength: 1, maxLength: 900 }), { minLength: 1, maxLength: 5 });
const instance = fc.uint8Array({ minLength: 16, maxLength: 16 });
const kind = fc.constantFrom('local', 'direct-tcp', 'direct-webrtc', 'relayed');
const hop = plain({
  realm,
  role: fc.constantFrom('node', 'relay'),
  pid: fc.nat(),
  peerId: fc.stringMatching(/^[A-Za-z0-9]{1,60}$/),
});
const peerId = fc.stringMatching(/^[A-Za-z0-9]{1,60}$/);
const ticket = fc.uint8Array({ minLength: 32, maxLength: 32 });
const pipe = fc.oneof(
  plain({ kind: fc.constantFrom('ask' as const, 'joined' as const) }),
  fc.record(
    { kind: fc.constant('dial' as const), ticket, at: peerId },
    { requiredKeys: ['kind', 'ticket'], noNullPrototype: true },
  ),
);
const proof = fc.uint8Array({ minLength: 1, maxLength: 600 });
const proved = plain({ kind: fc.constant('refused' as const), code: fc.constant('cert-revoked'), proof });
const refused = plain({ kind: fc.constant('refused' as const), code });
const header = fc.record(
  {
    class: fc.constantFrom('interactive', 'bulk'),
    origin: realm,
    destination: realm,
    hops: fc.array(hop, { minLength: 1, maxLength: 4 }),
    kind,
    via: realm,
    pipe,
  },
  { requiredKeys: ['class', 'origin', 'destination', 'hops'], noNullPrototype: true },
);
const reply = fc.oneof(
  refused,
  fc.record(
    { kind: fc.constant('ok' as const), hops: fc.array(hop, { maxLength: 4 }), path: kind, via: realm, pipe },
    { requiredKeys: ['kind', 'hops', 'path'], noNullPrototype: true },
  ),
);
const report = fc.record(
  {
    realm,
    kind: fc.oneof(kind, fc.constant('unreachable' as const)),
    since: fc.nat(),
    via: realm,
    rtt: fc.double({ min: 0, max: 1e6, noNaN: true }),
  },
  { requiredKeys: ['realm', 'kind', 'since'], noNullPrototype: true },
);

/** Round trip, and every truncation is refused by an error of ours. */
function checkCodec<T>(
  name: string,
  values: fc.Arbitrary<T>,
  encoding: (value: T) => Uint8Array,
  decoding: (bytes: Uint8Array) => unknown,
) {
  test(`${name}: what was encoded is decoded, and no truncation of it is`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encoding(value);
        assert.deepEqual(decoding(bytes), value);
        for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 200)) {
          assert.throws(() => decoding(bytes.subarray(0, length)), CanopyError);
        }
      }),
      { numRuns: 60 },
    );
  });
  test(`${name}: arbitrary bytes and values are refused by an error of ours, or decode`, () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.anything({ withNullPrototype: false, withDate: false, withBigInt: false }).map(tryEncode),
    );
    fc.assert(
      fc.property(wild, (bytes) => {
        try {
          decoding(bytes);
        } catch (error) {
          assert.ok(error instanceof CanopyError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
}

function tryEncode(value: unknown): Uint8Array {
  try {
    return encode(value);
  } catch {
    return new Uint8Array();
  }
}

checkCodec('admission hello', plain({ chain, instance }), encodeHello, decodeHello);
checkCodec(
  'admission answer',
  fc.oneof(refused, proved, plain({ kind: fc.constant('ok' as const), chain, instance })),
  encodeAnswer,
  decodeAnswer,
);
checkCodec(
  'admission verdict',
  fc.oneof(refused, proved, plain({ kind: fc.constant('ok' as const) })),
  encodeVerdict,
  decodeVerdict,
);
test('a refusal brings a proof only for a revocation and a twin, and none that is too long', () => {
  const refusal = { kind: 'refused', code: 'cert-revoked', proof: Uint8Array.of(7, 8) } as const;
  const hex = '826c636572742d7265766f6b6564420708';
  assert.equal(Buffer.from(encodeVerdict(refusal)).toString('hex'), hex);
  assert.equal(Buffer.from(encodeAnswer(refusal)).toString('hex'), hex);
  assert.equal(
    Buffer.from(encodeVerdict({ ...refusal, code: 'cert-expired' })).toString('hex'),
    '816c636572742d65787069726564',
  );
  assert.equal(
    Buffer.from(encodeAnswer({ ...refusal, code: 'twin-alive' })).toString('hex'),
    '826a7477696e2d616c697665420708',
  );
  for (const fields of [
    ['cert-expired', Uint8Array.of(7)],
    ['ok', Uint8Array.of(7)],
    ['cert-revoked', new Uint8Array()],
    ['cert-revoked', new Uint8Array(MAX_SIGNED_CRL + 1)],
    ['cert-revoked', Uint8Array.of(7), 1],
  ]) {
    for (const decode of [decodeVerdict, decodeAnswer])
      assert.throws(() => decode(encode(fields)), { code: 'bad-frame' });
  }
  const longest = encodeVerdict({ ...refusal, proof: new Uint8Array(MAX_SIGNED_CRL) });
  assert.ok(longest.length <= MAX_ADMISSION_FRAME);
});
checkCodec('forward header', header, encodeHeader, decodeHeader);
checkCodec('forward reply', reply, encodeReply, decodeReply);
checkCodec('request for a pipe', peerId, pipes.encodeAsk, pipes.decodeAsk);
checkCodec(
  'pair of tickets',
  fc.option(plain({ own: ticket, other: ticket }), { nil: undefined }),
  pipes.encodeAnswer,
  pipes.decodeAnswer,
);
checkCodec('enrolment hello', chain, enrol.encodeHello, (bytes) => [...enrol.decodeHello(bytes)]);
checkCodec('enrolment request', fc.uint8Array({ maxLength: 4_096 }), enrol.encodeRequest, enrol.decodeRequest);
checkCodec(
  'enrolment reply',
  fc.oneof(refused, plain({ kind: fc.constant('ok' as const), bytes: fc.uint8Array() })),
  enrol.encodeReply,
  enrol.decodeReply,
);
checkCodec('list of paths', fc.array(report, { maxLength: 20 }), encodeReports, decodeReports);

test('deep nesting, map keys of prototypes and lengths that are not there are refused', () => {
  const deep = new Uint8Array(4_000).fill(0x81);
  const prototype = encode({ ['__proto__']: 1 });
  const long = Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff);
  for (const bytes of [deep, prototype, long]) {
    for (const decoding of [decodeHello, decodeHeader, decodeReply, decodeReports]) {
      assert.throws(() => decoding(bytes), CanopyError);
    }
  }
});

const HEADER =
  '88016462756c6b6c6b7969762e61636d652e75616c6c7669762e61636d652e756181846c6b7969762e61636d652e7561646e' +
  '6f646507614ef6f6816361736b';
const REPLY =
  '8601626f6b81846c6b7969762e61636d652e7561646e6f646507614e6772656c617965646761636d652e756183646469616c' +
  '58200505050505050505050505050505050505050505050505050505050505050505f6';

test('a header and a reply are these bytes, whatever becomes of the code', () => {
  const [kyiv, lviv] = ['kyiv.acme.ua', 'lviv.acme.ua'].map(parseRealmName);
  assert.ok(kyiv && lviv);
  const hops = [{ realm: kyiv, role: 'node', pid: 7, peerId: 'N' }] as const;
  const asked = encodeHeader({ class: 'bulk', origin: kyiv, destination: lviv, hops, pipe: { kind: 'ask' } });
  assert.equal(Buffer.from(asked).toString('hex'), HEADER);
  const pipe = { kind: 'dial', ticket: new Uint8Array(32).fill(5) } as const;
  const told = encodeReply({ kind: 'ok', hops, path: 'relayed', via: parseRealmName('acme.ua'), pipe });
  assert.equal(Buffer.from(told).toString('hex'), REPLY);
});

test('addresses of forwarded connections keep realm and class through text and bytes', () => {
  registerAddresses();
  fc.assert(
    fc.property(realm, fc.constantFrom('interactive' as const, 'bulk' as const), (name, streamClass) => {
      const address = forwardAddress(name, streamClass);
      assert.deepEqual(parseForwardAddress(address), { realm: name, class: streamClass });
    }),
  );
});
