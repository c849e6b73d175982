// What keys are called on the keyboard in front of the person.

const isApple = /\b(?:Mac OS X|iPhone|iPad)\b/.test(navigator.userAgent);
const APPLE: Readonly<Record<string, string>> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };

/** `Ctrl K`, or `⌘K` where that is what is pressed. */
export function keyName(keys: string): string {
  return isApple ? keys.replace(/^(Ctrl|Alt|Shift) /, (_, name: string) => APPLE[name] ?? name) : keys;
}
