// One part of the component page: a title and what belongs together.
import type { ComponentChildren } from 'preact';

export function Part({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <section class="gallery-part">
      <h2>{name}</h2>
      <div class="gallery-row">{children}</div>
    </section>
  );
}
