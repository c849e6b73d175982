// The shape of a language's sentences. Servers and protocols send codes and parameters; only here do they become words.
import type { ErrorParams } from '../../protocols/lan/routes.ts';

export interface Catalogue {
  /** BCP 47. */
  readonly language: string;
  /** What is said of a code that this catalogue does not know. */
  readonly unknown: (code: string) => string;
  readonly sentences: Readonly<Record<string, (params: ErrorParams) => string>>;
}

export function sentenceOf(catalogue: Catalogue, code: string, params: ErrorParams = {}): string {
  const sentence = Object.hasOwn(catalogue.sentences, code) ? catalogue.sentences[code] : undefined;
  return sentence ? sentence(params) : catalogue.unknown(code);
}
