// Ways to attach files: a button, pasting, dropping; and a voice.
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { systemClock } from '../../../src/realm/clock.ts';
import type { Chat } from '../model/chat.ts';
import { lengthOf } from '../model/file-words.ts';
import { sourceOf } from '../page-files.ts';
import { VoiceRecording } from '../page-voice.ts';
import { useWords, useWorkspace } from './context.ts';
import { keepFocus } from './focus-home.ts';
import { IconButton } from './icon.tsx';

export function AttachButton({ chat }: { readonly chat: Chat }) {
  const { files } = useWorkspace();
  const { t } = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton
        icon="attach"
        label={t('file.attach')}
        class="composer-button"
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-attach
        aria-label={t('file.attach')}
        onChange={({ currentTarget }) => {
          files.attach(chat.id, [...(currentTarget.files ?? [])].map(sourceOf));
          currentTarget.value = '';
        }}
      />
    </>
  );
}

/** True while something is held over the conversation that could be dropped. */
export function useDropping(chat: Chat, place: RefObject<HTMLElement | null>): boolean {
  const { files } = useWorkspace();
  const over = useSignal(false);
  useEffect(() => {
    const room = place.current?.closest('main');
    if (!room) return undefined;
    const end = new AbortController();
    const on = <K extends 'dragover' | 'dragleave' | 'drop'>(type: K, take: (event: DragEvent) => void): void =>
      room.addEventListener(type, take, { signal: end.signal });
    on('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      over.value = true;
    });
    on('dragleave', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node) || !room.contains(relatedTarget)) over.value = false;
    });
    on('drop', (event) => {
      over.value = false;
      const dropped = [...(event.dataTransfer?.files ?? [])];
      if (dropped.length === 0) return;
      event.preventDefault();
      files.attach(chat.id, dropped.map(sourceOf));
    });
    return () => end.abort();
  }, [chat.id]);
  return over.value;
}

/** For the field: files on the clipboard are attached, text is pasted as ever. */
export function usePasting(chat: Chat): (event: ClipboardEvent) => void {
  const { files } = useWorkspace();
  return (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0) return;
    event.preventDefault();
    files.attach(chat.id, pasted.map(sourceOf));
  };
}

export function VoiceButton({ chat }: { readonly chat: Chat }) {
  const { t } = useWords();
  const { files } = useWorkspace();
  const recording = useSignal<VoiceRecording | undefined>(undefined);
  const isRefused = useSignal(false);
  useEffect(() => () => recording.peek()?.cancel(), [chat.id]);
  const begin = async (): Promise<void> => {
    isRefused.value = false;
    try {
      recording.value = await VoiceRecording.begin(systemClock);
    } catch {
      isRefused.value = true;
    }
  };
  const finish = async (): Promise<void> => {
    const done = await recording.peek()?.finish(new Date(systemClock.now()));
    recording.value = undefined;
    if (done && done.size > 0) files.attach(chat.id, [sourceOf(done)]);
  };
  const cancel = (): void => {
    recording.peek()?.cancel();
    recording.value = undefined;
  };
  return (
    <>
      <IconButton icon="microphone" label={t('voice.record')} class="composer-button" onClick={() => void begin()} />
      {isRefused.value && (
        <p class="note note-bad voice-note" role="alert">
          {t('voice.refused')}
        </p>
      )}
      {recording.value && <VoiceBar recording={recording.value} onFinish={() => void finish()} onCancel={cancel} />}
    </>
  );
}

interface VoiceBarProps {
  readonly recording: VoiceRecording;
  onFinish(): void;
  onCancel(): void;
}

function VoiceBar({ recording, onFinish, onCancel }: VoiceBarProps) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector('button')?.focus();
    return keepFocus;
  }, []);
  return (
    <div
      ref={box}
      class="voice-bar"
      role="group"
      aria-label={t('voice.recording')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onCancel();
      }}
    >
      <IconButton icon="stop" label={t('voice.stop')} class="icon-button-main" onClick={onFinish} />
      <span class="voice-length" role="timer">
        {lengthOf(recording.length.value)}
      </span>
      <svg class="voice-levels" viewBox="0 0 160 32" preserveAspectRatio="none" aria-hidden="true">
        {recording.levels.value.map((level, at) => (
          <rect key={at} x={at * 4} y={16 - Math.max(1, level * 15)} width={2} height={Math.max(2, level * 30)} />
        ))}
      </svg>
      <IconButton icon="delete" label={t('voice.cancel')} keys="Esc" onClick={onCancel} />
    </div>
  );
}
