// Arrows in a grid of buttons below a field: down from the field goes in, up from the first row goes back.

export function onGridKey(event: KeyboardEvent, columns: number): void {
  const grid = event.currentTarget;
  if (!(grid instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
  const cells = [...grid.querySelectorAll<HTMLElement>('.emoji-grid button')];
  const at = cells.findIndex((cell) => cell === document.activeElement);
  const field = grid.querySelector<HTMLElement>('input');
  if (at === -1) {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    event.preventDefault();
    if (event.key === 'Enter') cells[0]?.click();
    else cells[0]?.focus();
    return;
  }
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
  if (step === undefined) return;
  event.preventDefault();
  const next = at + step;
  if (next < 0) field?.focus();
  else cells[Math.min(next, cells.length - 1)]?.focus();
}
