// How far something has come, with words beside it; without a value nobody knows yet.

interface ProgressProps {
  readonly label: string;
  /** 0 up to 1. */
  readonly value?: number | undefined;
  /** `2.1 of 8 MB` */
  readonly note?: string;
}

export function Progress({ label, value, note }: ProgressProps) {
  return (
    <div class="progress">
      <progress aria-label={label} max={1} {...(value === undefined ? {} : { value })} />
      {note !== undefined && <span class="progress-note">{note}</span>}
    </div>
  );
}
