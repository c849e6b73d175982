// What a person who sees the page would call cut: what stands beside the screen, labels that are longer than their place.
import type { Page } from 'playwright-core';

/** Told at most. */
const MOST = 10;
/** Runs in the page; of what lies on top alone. What scrolls sideways by itself (tabs, a picture) is whole. */
const CUT = `(() => {
  const top = [...document.querySelectorAll('dialog[open], :popover-open')].at(-1) ?? document.body;
  const parts = [...top.querySelectorAll('*')].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    const isSeen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return isSeen && width > 1 && height > 1 && !element.closest('[aria-hidden]');
  });
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const isPart = (element) => says(element) || element.matches('button, input, textarea, select, img, a');
  const styleOf = (element) => getComputedStyle(element);
  const told = (what, element) =>
    what + ': ' + element.outerHTML.slice(0, 120) + ' ' + JSON.stringify(element.getBoundingClientRect());
  const holders = (element) => {
    const all = [];
    for (let at = element.parentElement; at && at !== document.documentElement; at = at.parentElement) all.push(at);
    return all;
  };
  const isBeside = (element) => {
    const { left, right } = element.getBoundingClientRect();
    if (styleOf(element).textOverflow === 'ellipsis') return right > innerWidth + 1;
    for (const holder of holders(element)) {
      const style = styleOf(holder);
      if (['auto', 'scroll'].includes(style.overflowX) && holder.scrollWidth > holder.clientWidth) return false;
      if (style.textOverflow === 'ellipsis') return false;
      const box = holder.getBoundingClientRect();
      if (style.overflowX !== 'visible' && (right > box.right + 1 || left < box.left - 1)) return true;
    }
    return right > innerWidth + 1 || left < -1;
  };
  const isShort = (element) => {
    const style = styleOf(element);
    if (style.display === 'inline' || style.textOverflow === 'ellipsis' || element.matches('textarea')) return false;
    const wide = element.scrollWidth > element.clientWidth + 1;
    const high = style.overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 1;
    // an emoji that the system's font has in parts alone
    return says(element) && !element.closest('.emoji-grid') && (wide || high);
  };
  const box = top.getBoundingClientRect();
  return [
    ...parts.filter((part) => isPart(part) && isBeside(part)).map((part) => told('beside', part)),
    ...parts.filter(isShort).map((part) => told('cut', part)),
    ...(document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the screen'] : []),
    ...(top === document.body || (box.top >= 0 && box.bottom <= innerHeight + 1) ? [] : [told('off the screen', top)]),
  ];
})()`;

export async function cutParts(page: Page): Promise<string[]> {
  await page.evaluate('Promise.allSettled(document.getAnimations().map((animation) => animation.finished))');
  return (await page.evaluate<string[]>(CUT)).slice(0, MOST);
}
