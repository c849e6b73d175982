// The tree of realms as a picture: the tiers from left to right, one line a realm, and at the right an arc from this realm
// to each that it has a way to, in the colour of the way. A document by itself: no font, no script, nothing fetched.
import type { RealmName } from '../../src/realm/names.ts';
import { describeWay, type Place, walk } from './topology.ts';

interface Box {
  readonly place: Place;
  readonly x: number;
  readonly y: number;
}

const ROW = 44;
const BOX = { width: 236, height: 34, indent: 120 } as const;
const MARGIN = 24;
const HEAD = 52;
const LEGEND = 44;
/** Characters that fit into a box. */
const MAX_TEXT = 34;
/** The widest arc; nearer realms get flatter ones. */
const MAX_ARC = 150;

const WAYS = [
  { name: 'direct-tcp', label: 'direct by TCP' },
  { name: 'direct-webrtc', label: 'direct by WebRTC' },
  { name: 'relayed', label: 'relayed' },
  { name: 'unreachable', label: 'unreachable' },
] as const;

const STYLE = `
    svg { background: #fff; font: 13px system-ui, sans-serif; }
    text { fill: #1c2430; } .quiet { fill: #5b6676; font-size: 11px; }
    .box { fill: #f4f6f9; stroke: #c9d0da; } .here .box { fill: #e5edff; stroke: #3b6ef0; stroke-width: 2; }
    .stem { stroke: #c9d0da; fill: none; } .arc { fill: none; stroke-width: 2; }
    .direct-tcp { stroke: #1a8f4f; } .direct-webrtc { stroke: #2a6fdb; } .relayed { stroke: #b7791f; stroke-dasharray: 7 4; }
    .unreachable { stroke: #c53030; stroke-dasharray: 2 4; } .local { stroke: #5b6676; }
    .dot { stroke-width: 0; } .dot.direct-tcp { fill: #1a8f4f; } .dot.direct-webrtc { fill: #2a6fdb; }
    .dot.relayed { fill: #b7791f; } .dot.unreachable { fill: #c53030; } .dot.here { fill: #3b6ef0; } .dot.local { fill: #5b6676; }
    @media (prefers-color-scheme: dark) {
      svg { background: #12161c; } text { fill: #e6eaf0; } .quiet { fill: #9aa5b5; }
      .box { fill: #1b212a; stroke: #394352; } .here .box { fill: #1d2b4d; stroke: #6d95ff; } .stem { stroke: #394352; }
    }`;

/** @param title what the picture shows, and when */
export function topologySvg(roots: readonly Place[], title: string): string {
  const boxes = [...walk(roots)].map(({ place, depth }, row): Box => {
    return { place, x: MARGIN + depth * BOX.indent, y: HEAD + row * ROW };
  });
  const right = Math.max(...boxes.map(({ x }) => x)) + BOX.width;
  const width = Math.max(right + MAX_ARC + MARGIN, 640);
  const height = HEAD + boxes.length * ROW + LEGEND;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `  <title>${escape(title)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <text x="${MARGIN}" y="30" font-weight="600">${escape(title)}</text>`,
    ...boxes.flatMap((box) => [...stems(box, boxes), ...drawBox(box)]),
    ...arcs(boxes, right),
    ...legend(height),
    '</svg>',
    '',
  ].join('\n');
}

/** From a realm down to each right below it. */
function stems({ place, x, y }: Box, boxes: readonly Box[]): string[] {
  const below = new Set<RealmName>(place.below.map(({ realm }) => realm));
  const from = `M${x + 16} ${y + BOX.height}`;
  return boxes
    .filter((box) => below.has(box.place.realm))
    .map((child) => `  <path class="stem" d="${from}V${middle(child)}H${child.x}"/>`);
}

function drawBox({ place, x, y }: Box): string[] {
  const { realm, tier, path } = place;
  return [
    `  <g class="${path === 'here' ? 'here' : ''}"><rect class="box" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="7"/>`,
    `    <circle class="dot ${path}" cx="${x + 16}" cy="${y + 17}" r="5"/>`,
    `    <text x="${x + 30}" y="${y + 15}">${escape(shorten(realm))}</text>`,
    `    <text class="quiet" x="${x + 30}" y="${y + 28}">${escape(shorten([tier, describeWay(place)].filter(Boolean).join(', ')))}</text></g>`,
  ];
}

function arcs(boxes: readonly Box[], right: number): string[] {
  const here = boxes.find(({ place }) => place.path === 'here');
  if (!here) return [];
  const farthest = Math.max(...boxes.map((box) => Math.abs(box.y - here.y)), 1);
  return boxes
    .filter((box) => box !== here && box.place.path !== 'unreachable')
    .map((box) => {
      const bend = right + 24 + (Math.abs(box.y - here.y) / farthest) * (MAX_ARC - 24);
      const [from, to] = [middle(here), middle(box)];
      const start = `M${here.x + BOX.width} ${from}H${right}`;
      return `  <path class="arc ${box.place.path}" d="${start}C${bend} ${from} ${bend} ${to} ${right} ${to}H${box.x + BOX.width}"/>`;
    });
}

function legend(height: number): string[] {
  const y = height - 18;
  return WAYS.map(({ name, label }, index) => {
    const x = MARGIN + index * 150;
    return `  <path class="arc ${name}" d="M${x} ${y}h26"/><text class="quiet" x="${x + 32}" y="${y + 4}">${label}</text>`;
  });
}

function middle({ y }: Box): number {
  return y + BOX.height / 2;
}

/** What fits into a box. */
function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT / 2)}…${text.slice(-MAX_TEXT / 2)}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
