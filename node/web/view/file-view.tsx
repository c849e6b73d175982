// The file of a message: a picture, a film, a sound, or a card to save it by. Name and type are the sender's words.
import { useSignal } from '@preact/signals';
import type { FileCard } from '../../../src/client/client.ts';
import { kindOfFile, plainName } from '../model/file-kind.ts';
import { fileSize } from '../model/file-words.ts';
import type { ShownMessage } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { Icon, IconButton } from './icon.tsx';
import type { IconName } from './icon-paths.ts';
import { PreviewCanvas } from './preview-canvas.tsx';

/** Pixels that a picture takes at most, and what one takes of which nothing is known. */
const SIDE = 360;
const UNKNOWN = { width: 240, height: 160 };
/** Bytes up to which a picture is fetched whole as soon as it is on the screen. */
const WHOLE_AT_ONCE = 6_000_000;

export interface FileViewProps {
  readonly file: FileCard;
  readonly id: ShownMessage['id'];
}

export function FileView({ file, id }: FileViewProps) {
  const { files } = useWorkspace();
  const kind = kindOfFile(file);
  if (!files.shown.plays.value) return <FileCardView file={file} />;
  if (kind === 'image') return <PictureView file={file} id={id} />;
  if (kind === 'video') return <FilmView file={file} id={id} />;
  if (kind === 'audio') return <SoundView file={file} />;
  return <FileCardView file={file} />;
}

/** Its place is kept before it is there, so that nothing jumps. */
function placeOf({ preview }: FileCard) {
  const known = preview ?? UNKNOWN;
  const [width, height] = [Math.max(1, known.width), Math.max(1, known.height)];
  const scale = SIDE / Math.max(width, height);
  return { width: `${Math.max(96, Math.round(width * scale))}px`, aspectRatio: `${width} / ${height}` };
}

function PictureView({ file, id }: FileViewProps) {
  const { files } = useWorkspace();
  const { t } = useWords();
  const isBroken = useSignal(false);
  const isThere = useSignal(false);
  if (isBroken.value) return <FileCardView file={file} />;
  const isWhole = file.size <= WHOLE_AT_ONCE || !file.preview;
  return (
    <button
      type="button"
      class="file-picture"
      style={placeOf(file)}
      aria-label={t('file.look', { name: plainName(file.name) })}
      onClick={() => (files.shown.looked.value = id)}
    >
      {file.preview && !isThere.value && <PreviewCanvas preview={file.preview} />}
      {isWhole && (
        <img
          class={isThere.value ? 'file-whole' : 'file-coming'}
          src={files.shown.urlOf(file)}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => (isThere.value = true)}
          onError={() => (isBroken.value = true)}
        />
      )}
    </button>
  );
}

/** Nothing of a film is fetched before it is looked at. */
function FilmView({ file, id }: FileViewProps) {
  const { files } = useWorkspace();
  const words = useWords();
  return (
    <button
      type="button"
      class="file-picture file-film"
      style={placeOf(file)}
      aria-label={`${words.t('file.play', { name: plainName(file.name) })}, ${fileSize(words, file.size)}`}
      onClick={() => (files.shown.looked.value = id)}
    >
      {file.preview ? <PreviewCanvas preview={file.preview} /> : <span class="file-blank" />}
      <span class="file-play">
        <Icon name="play" />
      </span>
      <span class="file-over">{fileSize(words, file.size)}</span>
    </button>
  );
}

function SoundView({ file }: { readonly file: FileCard }) {
  const { files } = useWorkspace();
  const words = useWords();
  const isBroken = useSignal(false);
  if (isBroken.value) return <FileCardView file={file} />;
  const name = plainName(file.name);
  return (
    <div class="file-sound">
      <audio
        controls
        preload="none"
        src={files.shown.urlOf(file)}
        aria-label={words.t('file.play', { name })}
        onError={() => (isBroken.value = true)}
      />
      <span class="note" dir="auto" title={name}>
        {`${name} · ${fileSize(words, file.size)}`}
      </span>
    </div>
  );
}

export function FileCardView({ file }: { readonly file: FileCard }) {
  const { files } = useWorkspace();
  const words = useWords();
  const name = plainName(file.name);
  return (
    <div class="file-card">
      <span class="file-icon">
        <Icon name={iconOf(file)} />
      </span>
      <span class="file-words">
        <span class="file-name" dir="auto" title={name}>
          {name}
        </span>
        <span class="note">{fileSize(words, file.size)}</span>
      </span>
      <IconButton icon="download" label={words.t('file.save', { name })} onClick={() => files.shown.save(file)} />
    </div>
  );
}

function iconOf(file: FileCard): IconName {
  const kind = kindOfFile(file);
  return kind === 'image' ? 'picture' : kind === 'other' ? 'file' : 'play';
}
