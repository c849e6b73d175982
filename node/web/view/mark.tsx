// The mark: a canopy of branches from one stem.

export function Mark({ large = false }: { readonly large?: boolean }) {
  return (
    <svg class={large ? 'mark mark-large' : 'mark'} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <g class="mark-branches">
        <path d="M16 29V7" />
        <path d="M16 24C16 18 6 20 5 14" />
        <path d="M16 24C16 18 26 20 27 14" />
        <path d="M16 18C16 13 10.5 13.5 9.5 8" />
        <path d="M16 18C16 13 21.5 13.5 22.5 8" />
      </g>
      <g class="mark-leaves">
        <circle cx="16" cy="5" r="2.7" />
        <circle cx="9" cy="7.5" r="2.7" />
        <circle cx="23" cy="7.5" r="2.7" />
        <circle cx="4.6" cy="13" r="2.7" />
        <circle cx="27.4" cy="13" r="2.7" />
      </g>
    </svg>
  );
}
