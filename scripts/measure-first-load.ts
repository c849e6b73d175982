// What a browser loads before a person sees the first page of the web client, from a built folder:
//
//   npm run build:web && node scripts/measure-first-load.ts [--dist FOLDER]
//
// Prints JSON; ends with 1 when the JavaScript is above the limit. Counted is what the page imports at once, however deep, and the
// largest language; what is loaded when it is needed (crypto of a login, settings, emoji, the service worker) is listed beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

/** Kilobytes of 1000 bytes, gzip. */
const LIMIT = 200;
const LANGUAGE = /^assets\/(?:en|uk|ru|zh)-[\w-]+\.js$/;
/** Static imports of a bundled chunk: `from"./x.js"` and `import"./x.js"`; `import("./x.js")` is another thing. */
const IMPORT = /(?:from|import)\s*["'](\.\/[^"']+\.js)["']/g;

interface Measured {
  readonly path: string;
  readonly bytes: number;
  readonly gzip: number;
}

const { values } = parseArgs({ options: { dist: { type: 'string' } } });
const dist = resolve(values.dist ?? join(import.meta.dirname, '../node/web/dist'));

function measure(path: string): Measured {
  const body = readFileSync(join(dist, path));
  return { path, bytes: body.length, gzip: gzipSync(body, { level: 9 }).length };
}

function linked(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, path = '']) => path.replace(/^\//, ''));
}

/** The files and all that they import at once. */
function closure(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  const open = [...paths];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const source = readFileSync(join(dist, path), 'utf8');
    for (const [, found = ''] of source.matchAll(IMPORT)) open.push(posix.join(posix.dirname(path), found));
  }
  return [...seen].sort();
}

function gzipOf(files: readonly Measured[]): number {
  return files.reduce((sum, { gzip }) => sum + gzip, 0);
}

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const scripts = closure(linked(html, /<(?:script|link rel="modulepreload")[^>]* (?:src|href)="([^"]+\.js)"/g));
const all = readdirSync(join(dist, 'assets'))
  .map((name) => `assets/${name}`)
  .filter((path) => path.endsWith('.js'));
const [language] = all
  .filter((path) => LANGUAGE.test(path))
  .map(measure)
  .sort((a, b) => b.gzip - a.gzip);
const javascript = [...scripts.map(measure), ...(language ? [language] : [])];
const styles = linked(html, /<link rel="stylesheet"[^>]* href="([^"]+)"/g).map(measure);
const later = all.filter((path) => !scripts.includes(path) && path !== language?.path).map(measure);
const kilobytes = Math.round(gzipOf(javascript) / 100) / 10;
console.log(
  JSON.stringify(
    {
      schemaVersion: 1,
      javascriptKilobytesGzip: kilobytes,
      limitKilobytesGzip: LIMIT,
      withinLimit: kilobytes <= LIMIT,
      stylesKilobytesGzip: Math.round(gzipOf(styles) / 100) / 10,
      javascript,
      styles,
      later,
    },
    undefined,
    2,
  ),
);
process.exitCode = kilobytes <= LIMIT ? 0 : 1;
