// Chains of every good shape, and chains that are put together wrongly.
import { leafExtensions, nameOf } from '../../src/pki/issue.ts';
import type { Subject } from '../../src/pki/profile.ts';
import { type Change, forge, who } from './forge.ts';
import { type Bench, chainWith, changed, leafChain, type Vector } from './vector.ts';

async function order(bench: Bench): Promise<Vector[]> {
  const { node, branch, enterprise, region, root } = bench.rightful;
  const { stranger } = bench.world.keys;
  const selfMade = await forge(bench.world, 'root', {
    publicKey: stranger.spki,
    namedKey: stranger.spki,
    signedBy: stranger,
  });
  const falseRegion = await forge(bench.world, 'region', { namedKey: stranger.spki, signedBy: stranger });
  const FIXED = 'a chain is given in order and without anything beside';
  return [
    leafChain('root that is self-made', 'cert-unknown-root', [node, branch, enterprise, region, selfMade], FIXED),
    leafChain('root that is self-made, above a region that it certified', 'cert-unknown-root', [
      node,
      branch,
      enterprise,
      falseRegion,
      selfMade,
    ]),
    leafChain('chain without its root', 'cert-unknown-root', [node, branch, enterprise, region], FIXED),
    leafChain('chain without the enterprise', 'cert-not-issued', [node, branch, region, root]),
    leafChain('chain in another order', 'cert-not-issued', [node, enterprise, branch, region, root], FIXED),
    {
      name: 'chain with one authority twice',
      expect: 'cert-not-issued',
      stricter: FIXED,
      subject: 'authority',
      chain: [enterprise, region, region, root],
    },
    leafChain('authority instead of a leaf', 'cert-not-leaf', [branch, enterprise, region, root]),
    leafChain('root alone', 'cert-malformed', [root]),
    {
      ...(await changed(bench, 'root of an enterprise', 'cert-tier', 'root', {
        subject: who('root', 'ua', 'enterprise'),
        issuerName: nameOf(who('root', 'ua', 'enterprise')),
      })),
    },
    {
      name: 'leaf instead of an authority',
      expect: 'cert-not-authority',
      stricter: 'an authority was asked for',
      subject: 'authority',
      chain: [node, branch, enterprise, region, root],
    },
    {
      name: 'root instead of an authority',
      expect: 'cert-tier',
      stricter: 'an authority below a root was asked for',
      subject: 'authority',
      chain: [root],
    },
  ];
}

async function good(bench: Bench): Promise<Vector[]> {
  const { world, rightful } = bench;
  const { branch, enterprise, region, root } = rightful;
  const direct = who('authority', 'kyiv.ua', 'branch');
  const leafOf = (subject: Subject, issuer: 'region' | 'enterprise' | 'branch', change: Change = {}) =>
    forge(world, 'node', { subject, issuer, extensions: () => leafExtensions(subject), ...change });
  const far = { notAfter: Date.UTC(2051, 0, 1) };
  return [
    leafChain('relay of a branch', 'ok', [
      await leafOf(who('relay', 'kyiv.acme.ua', 'branch'), 'branch'),
      branch,
      enterprise,
      region,
      root,
    ]),
    leafChain('relay of a branch certified by the enterprise', 'ok', [
      await leafOf(who('relay', 'lviv.acme.ua', 'branch'), 'enterprise'),
      enterprise,
      region,
      root,
    ]),
    leafChain('node of an enterprise', 'ok', [
      await leafOf(who('node', 'acme.ua', 'enterprise'), 'enterprise'),
      enterprise,
      region,
      root,
    ]),
    leafChain('node of a region', 'ok', [await leafOf(who('node', 'ua', 'region'), 'region'), region, root]),
    leafChain('node of a branch directly below a region', 'ok', [
      await leafOf(who('node', 'kyiv.ua', 'branch'), 'branch', { issuerName: nameOf(direct) }),
      await forge(world, 'branch', { subject: direct, issuer: 'region' }),
      region,
      root,
    ]),
    leafChain('leaf that ends after 2049', 'ok', chainWith(bench, { node: await forge(world, 'node', far) })),
    ...[
      [branch, enterprise, region, root],
      [enterprise, region, root],
      [region, root],
    ].map(
      (chain, index): Vector => ({
        name: `authority of a ${['branch', 'enterprise', 'region'][index]}`,
        expect: 'ok',
        subject: 'authority',
        chain,
      }),
    ),
  ];
}

export async function shapeCases(bench: Bench): Promise<Vector[]> {
  return [...(await good(bench)), ...(await order(bench))];
}
