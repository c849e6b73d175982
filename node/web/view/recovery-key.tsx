// The recovery key on the screen and on paper: eight groups, a code for a camera, print and copy. It is shown where it was just made and
// nowhere else.
import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { useWords } from './context.ts';

interface RecoveryKeyProps {
  readonly text: string;
  readonly address: string;
}

export function RecoveryKey({ text, address }: RecoveryKeyProps) {
  const { t } = useWords();
  return (
    <div class="recovery">
      <div class="paper">
        <p class="paper-title">{t('recovery.paper', { address })}</p>
        <div class="paper-key">
          <ol class="recovery-groups" aria-label={t('recovery.key')}>
            {text.split('-').map((group, index) => (
              <li key={index}>{group}</li>
            ))}
          </ol>
          <Code text={text} />
        </div>
        <p class="paper-hint">{t('recovery.paperHint')}</p>
      </div>
      <div class="recovery-buttons">
        <Button icon="print" onClick={() => window.print()}>
          {t('recovery.print')}
        </Button>
        <CopyButton text={text} />
      </div>
    </div>
  );
}

/** Milliseconds for which "Copied" stands. */
const COPIED = 2000;

export function CopyButton({ text }: { readonly text: string }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(0);
  useEffect(() => {
    if (copied === 0) return undefined;
    const timer = window.setTimeout(() => setCopied(0), COPIED);
    return () => window.clearTimeout(timer);
  }, [copied]);
  // where the browser refuses, the key still stands there to be written down
  const copy = (): void =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(copied + 1),
      () => undefined,
    );
  return (
    <Button icon={copied > 0 ? 'check' : 'copy'} onClick={copy}>
      <span aria-live="polite">{t(copied > 0 ? 'recovery.copied' : 'recovery.copy')}</span>
    </Button>
  );
}

/** Drawn here: the key leaves this page by no other way than the person's own. */
function Code({ text }: { readonly text: string }) {
  const { t } = useWords();
  const [squares, setSquares] = useState<Squares>();
  useEffect(() => {
    let isHere = true;
    // without it the groups can still be written down
    squaresOf(text).then(
      (made) => isHere && setSquares(made),
      () => undefined,
    );
    return () => {
      isHere = false;
    };
  }, [text]);
  return (
    <div class="recovery-code">
      {squares && (
        <svg viewBox={`0 0 ${squares.size} ${squares.size}`} role="img" aria-label={t('recovery.qr')}>
          <rect class="code-ground" width={squares.size} height={squares.size} />
          <path class="code-squares" d={squares.path} />
        </svg>
      )}
    </div>
  );
}

interface Squares {
  readonly path: string;
  readonly size: number;
}

async function squaresOf(text: string): Promise<Squares> {
  const { encode } = await import('uqr');
  const { data, size } = encode(text, { ecc: 'M', border: 2 });
  return { path: pathOf(data), size };
}

function pathOf(rows: readonly (readonly boolean[])[]): string {
  return rows
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .filter((square) => square !== '')
    .join('');
}
