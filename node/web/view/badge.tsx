// How many wait to be read. The number is for the eye, the words for the ear.

const MOST = 99;

export function Badge({ count, label, mentioned = false, muted = false }: BadgeProps) {
  return (
    <span class={muted ? 'badge badge-muted' : 'badge'}>
      <span aria-hidden="true">
        {mentioned ? '@ ' : ''}
        {count > MOST ? `${MOST}+` : count}
      </span>
      <span class="hidden">{label}</span>
    </span>
  );
}

interface BadgeProps {
  readonly count: number;
  readonly label: string;
  /** Somebody named the reader. */
  readonly mentioned?: boolean;
  readonly muted?: boolean;
}
