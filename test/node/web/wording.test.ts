// Every language says everything, with the plural forms that it needs.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { failureText } from '../../../node/web/model/failure-text.ts';
import { timerChoices, timerFact } from '../../../node/web/model/timer-choices.ts';
import type { Entry } from '../../../node/web/text/entry.ts';
import { chooseLanguage, LANGUAGES } from '../../../node/web/text/languages.ts';
import { english } from '../../../src/client/client.ts';
import { CATALOGUES, wordsIn } from './catalogues.ts';

const WEB = resolve(import.meta.dirname, '../../../node/web');
const ENGLISH: ReadonlyMap<string, Entry> = new Map(Object.entries(CATALOGUES.en));

/** What a server refuses to a person who writes, searches or logs in. */
const REFUSALS = [
  'account-disabled',
  'body-too-long',
  'busy',
  'destination-forbidden',
  'disk-full',
  'errand-rate',
  'expired',
  'id-conflict',
  'login-backoff',
  'login-busy',
  'lookup-rate',
  'message-expired',
  'no-way',
  'read-only',
  'recipient-unknown',
  'timeout',
  'trust-scope',
  'user-disabled',
  'user-unknown',
  'wrong-password',
];

function forms(entry: Entry): string[] {
  return typeof entry === 'string' ? [entry] : Object.values(entry);
}

function placeholders(entry: Entry): string[] {
  return [...new Set(forms(entry).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
}

for (const language of LANGUAGES) {
  const catalogue: ReadonlyMap<string, Entry> = new Map(Object.entries(CATALOGUES[language]));

  test(`${language}: no key is missing or too many`, () => {
    assert.deepEqual([...catalogue.keys()].sort(), [...ENGLISH.keys()].sort());
  });

  test(`${language}: each refusal has a sentence`, () => {
    const words = wordsIn(language);
    for (const code of REFUSALS)
      assert.doesNotMatch(failureText(words, { code, params: {} }), new RegExp(`\\(${code}\\)`));
  });

  test(`${language}: each plural has the forms that the language asks for`, () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, entry] of catalogue) {
      if (typeof entry !== 'string') assert.deepEqual(Object.keys(entry).sort(), pluralCategories.sort(), key);
    }
  });

  test(`${language}: the same things are put into each text`, () => {
    for (const [key, entry] of catalogue) {
      const wanted = placeholders(ENGLISH.get(key) ?? '');
      if (language === 'en' || key !== 'composer.placeholder') assert.deepEqual(placeholders(entry), wanted, key);
    }
  });

  test(`${language}: nothing is empty`, () => {
    for (const [key, entry] of catalogue)
      assert.ok(
        forms(entry).every((text) => text.trim() !== ''),
        key,
      );
  });
}

test('each text is used somewhere', () => {
  const sources = globSync('{model,view}/**/*.{ts,tsx}', { cwd: WEB }).concat('page.tsx');
  const code = sources.map((file) => readFileSync(join(WEB, file), 'utf8')).join('\n');
  const templates = [...code.matchAll(/`(\w+)\.\$\{/g)].map(([, start]) => `${start}.`);
  const unused = [...ENGLISH.keys()].filter(
    (key) => !code.includes(`'${key}'`) && !templates.some((start) => key.startsWith(start)),
  );
  assert.deepEqual(unused, []);
});

test('no sentence stands in a component', () => {
  const found = globSync('view/**/*.tsx', { cwd: WEB }).flatMap((file) => {
    const code = readFileSync(join(WEB, file), 'utf8').replaceAll(/<kbd>.*?<\/kbd>/g, '');
    const texts = [...code.matchAll(/>\s*([\p{L}][^<>{}=;()]*)<\//gu)].map(([, text]) => text);
    const attributes = [...code.matchAll(/(?:aria-label|title|placeholder)="([^"]*\p{L}[^"]*)"/gu)].map(
      ([, text]) => text,
    );
    return [...texts, ...attributes].map((text) => `${file}: ${text}`);
  });
  assert.deepEqual(found, []);
});

test('Ukrainian counts in its own forms', () => {
  const { t } = wordsIn('uk');
  const count = (n: number): string => t('rail.unread', { count: n });
  assert.equal(count(1), '1 непрочитане повідомлення');
  assert.equal(count(3), '3 непрочитані повідомлення');
  assert.equal(count(12), '12 непрочитаних повідомлень');
  assert.equal(count(21), '21 непрочитане повідомлення');
});

test('the language is the first wanted one that there is', () => {
  assert.equal(chooseLanguage(['fr-FR', 'uk-UA', 'en']), 'uk');
  assert.equal(chooseLanguage(['fr']), 'en');
  assert.equal(chooseLanguage([]), 'en');
});

test('a span of time is told in the largest unit of which it is whole, and one that somebody chose is offered', () => {
  const hour = 3_600_000;
  const spans = [hour, 8 * hour, 24 * hour, 36 * hour, 168 * hour, 28 * 24 * hour, 300];
  const [en, uk] = [wordsIn('en'), wordsIn('uk')];
  assert.deepEqual(
    spans.map((span) => en.span(span)),
    ['1 hour', '8 hours', '1 day', '36 hours', '1 week', '4 weeks', '1 minute'],
  );
  assert.deepEqual(
    spans.slice(0, 3).map((span) => uk.span(span)),
    ['1 година', '8 годин', '1 день'],
  );
  assert.equal(timerFact(en, 0), 'Disappearing: off');
  assert.deepEqual(timerChoices(5 * hour), [0, hour, 5 * hour, 8 * hour, 24 * hour, 168 * hour, 672 * hour]);
});

test('what is put into a text is never taken for a placeholder or a pattern', () => {
  const { t } = wordsIn('en');
  assert.equal(t('composer.label', { name: '{count} $& <b>' }), 'Message {count} $& <b>');
});

test('a day is called today, yesterday, by its name, and with the year when that is another', () => {
  const words = wordsIn('en', 'Europe/Kyiv');
  const now = Date.UTC(2026, 10, 18, 21, 30); // 23:30 in Kyiv
  assert.equal(words.day(now - 60_000, now), 'Today');
  assert.equal(words.day(Date.UTC(2026, 10, 17, 21, 59), now), 'Yesterday');
  assert.equal(words.day(Date.UTC(2026, 10, 17, 22, 1), now), 'Today');
  assert.match(words.day(Date.UTC(2026, 10, 10, 12), now), /^Tuesday,? 10 November$/);
  assert.equal(words.day(Date.UTC(2025, 10, 10, 12), now), '10 November 2025');
});

test('each refusal has a sentence in the terminal', () => {
  for (const code of REFUSALS) assert.ok(Object.hasOwn(english.sentences, code), code);
});
