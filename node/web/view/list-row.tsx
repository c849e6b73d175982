// A row of a list: what stands for it, a name, a line below, and what can be done at its end.
import type { ComponentChildren } from 'preact';

interface ListRowProps {
  readonly lead?: ComponentChildren;
  readonly title: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly end?: ComponentChildren;
}

export function ListRow({ lead, title, note, end }: ListRowProps) {
  return (
    <li class="row">
      {lead && <span class="row-lead">{lead}</span>}
      <div class="row-text">
        <span class="row-title" dir="auto">
          {title}
        </span>
        {note !== undefined && <span class="row-note">{note}</span>}
      </div>
      {end && <div class="row-end">{end}</div>}
    </li>
  );
}
