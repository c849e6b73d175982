// The tree of realms for a terminal.
import { tableLines } from '../table.ts';
import { describeWay, type Place } from './topology.ts';

const TEE = '├─ ';
const ELBOW = '└─ ';
const BAR = '│  ';
const GAP = '   ';

export function topologyLines(roots: readonly Place[]): string[] {
  const rows = roots.flatMap((root) => rowsOf(root, '', ''));
  return tableLines(['REALM', 'TIER', 'WAY FROM HERE'], rows);
}

function rowsOf(place: Place, own: string, below: string): string[][] {
  const children = place.below.flatMap((child, index) =>
    index === place.below.length - 1
      ? rowsOf(child, below + ELBOW, below + GAP)
      : rowsOf(child, below + TEE, below + BAR),
  );
  return [[own + place.realm, place.tier ?? '', describeWay(place)], ...children];
}
