// A picture or a film before everything else: arrows go to the next, Esc goes back, plus and minus bring it nearer.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { FileCard } from '../../../src/client/client.ts';
import { kindOfFile, plainName } from '../model/file-kind.ts';
import { fileSize } from '../model/file-words.ts';
import { saidAt } from '../model/said.ts';
import type { ShownItem, ShownMessage, Timeline } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { FileCardView } from './file-view.tsx';
import { keepFocus } from './focus-home.ts';
import { IconButton } from './icon.tsx';
import { useNames } from './names.ts';

const NEAREST = 8;
const STEP = 1.5;

interface Looked extends ShownMessage {
  readonly file: FileCard;
}

export function FileViewer({ timeline }: { readonly timeline: Timeline }) {
  const { files } = useWorkspace();
  const id = files.shown.looked.value;
  if (id === undefined) return null;
  const all = timeline.view.value.items.flatMap((item) => (isLooked(item) ? item : []));
  const at = all.findIndex((message) => message.id === id);
  const message = all[at];
  if (!message) return null;
  const go = (step: number): void => {
    const next = all[at + step];
    if (next) files.shown.looked.value = next.id;
  };
  return <ViewerDialog message={message} isFirst={at === 0} isLast={at === all.length - 1} go={go} />;
}

function isLooked(item: ShownItem): item is Looked {
  if (item.kind !== 'message' || !item.file || item.deletedBy !== undefined) return false;
  return ['image', 'video'].includes(kindOfFile(item.file));
}

interface ViewerDialogProps {
  readonly message: Looked;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  go(step: number): void;
}

function ViewerDialog({ message, isFirst, isLast, go }: ViewerDialogProps) {
  const { files } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const nameOf = useNames();
  const dialog = useRef<HTMLDialogElement>(null);
  const zoom = useSignal(1);
  const { file } = message;
  const name = plainName(file.name);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    return () => {
      dialog.current?.close();
      keepFocus();
    };
  }, []);
  useLayoutEffect(() => {
    zoom.value = 1;
    // the arrow that was pressed is gone at the first and at the last
    if (!dialog.current?.contains(document.activeElement)) dialog.current?.focus();
  }, [message.id]);
  const nearer = (by: number): void => {
    zoom.value = Math.min(NEAREST, Math.max(1, zoom.peek() * by));
  };
  const onKey = (event: KeyboardEvent): void => {
    const does: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => go(-1),
      ArrowRight: () => go(1),
      '+': () => nearer(STEP),
      '=': () => nearer(STEP),
      '-': () => nearer(1 / STEP),
      '0': () => (zoom.value = 1),
    };
    // a film that has the focus keeps its arrows
    if (event.target instanceof HTMLVideoElement || !Object.hasOwn(does, event.key)) return;
    event.preventDefault();
    does[event.key]?.();
  };
  return (
    <dialog
      ref={dialog}
      class="viewer"
      tabIndex={-1}
      aria-label={name}
      onClose={() => (files.shown.looked.value = undefined)}
      onKeyDown={onKey}
    >
      <header class="viewer-head">
        <span class="file-words">
          <span class="file-name" dir="auto" title={name}>
            {name}
          </span>
          <span class="note">{`${nameOf(message.sender)} · ${words.full(saidAt(message))} · ${fileSize(words, file.size)}`}</span>
        </span>
        {kindOfFile(file) === 'image' && (
          <>
            <IconButton icon="minus" label={t('viewer.farther')} keys="-" onClick={() => nearer(1 / STEP)} />
            <IconButton icon="plus" label={t('viewer.nearer')} keys="+" onClick={() => nearer(STEP)} />
          </>
        )}
        <IconButton icon="download" label={t('file.save', { name })} onClick={() => files.shown.save(file)} />
        <IconButton icon="close" label={t('viewer.close')} keys="Esc" onClick={() => dialog.current?.close()} />
      </header>
      <ViewedFile key={message.id} file={file} zoom={zoom.value} />
      {!isFirst && (
        <IconButton icon="back" label={t('viewer.before')} keys="←" class="viewer-before" onClick={() => go(-1)} />
      )}
      {!isLast && (
        <IconButton icon="back" label={t('viewer.after')} keys="→" class="viewer-after" onClick={() => go(1)} />
      )}
    </dialog>
  );
}

function ViewedFile({ file, zoom }: { readonly file: FileCard; readonly zoom: number }) {
  const { files } = useWorkspace();
  const isBroken = useSignal(false);
  const url = files.shown.urlOf(file);
  const name = plainName(file.name);
  const onError = (): void => {
    isBroken.value = true;
  };
  if (isBroken.value) {
    return (
      <div class="viewer-stage">
        <FileCardView file={file} />
      </div>
    );
  }
  return (
    <div class="viewer-stage" tabIndex={zoom > 1 ? 0 : -1}>
      {kindOfFile(file) === 'video' ? (
        <video controls autoplay preload="metadata" src={url} aria-label={name} onError={onError} />
      ) : (
        <img
          class={zoom > 1 ? 'viewer-near' : ''}
          src={url}
          alt={name}
          style={{ width: `${zoom * 100}%`, height: `${zoom * 100}%` }}
          onError={onError}
        />
      )}
    </div>
  );
}
