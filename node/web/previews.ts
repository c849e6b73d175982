// Small pictures that go inside a message. They are drawn anew, so that nothing but what is seen goes along: no place, no camera, no
// earlier version that a picture file may carry beside its picture.
import type { FileSource } from '../../src/client/client.ts';
import { MAX_PREVIEW, type Preview } from '../../src/crypto/files/file-card.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';

/** Larger pictures are not read whole for a preview. */
const MAX_PICTURE = 48 * 1024 * 1024;
/** Side and quality, until it is small enough. */
const SIZES = [
  [360, 0.72],
  [300, 0.6],
  [240, 0.5],
  [160, 0.4],
  [80, 0.3],
] as const;
/** Of a group's picture: as much as the largest place of it shows on a fine screen. */
const GROUP_SIDE = 144;
const GROUP_QUALITY = 0.82;
const FILM_DEADLINE = 10_000;
/** Seconds: the first picture of a film is often black. */
const INTO_FILM = 0.5;
const NEVER = new AbortController().signal;

export async function previewOfPicture(source: FileSource): Promise<Preview | undefined> {
  if (source.size > MAX_PICTURE) return undefined;
  const bytes = new Uint8Array(await source.read(0, source.size));
  const picture = await createImageBitmap(new Blob([bytes], { type: source.type }));
  try {
    return await drawn(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** A square from its middle, drawn anew like every picture that goes along. */
export async function groupPictureOf(source: FileSource): Promise<Uint8Array | undefined> {
  if (source.size > MAX_PICTURE) return undefined;
  const bytes = new Uint8Array(await source.read(0, source.size));
  const picture = await createImageBitmap(new Blob([bytes], { type: source.type })).catch(() => undefined);
  if (!picture) return undefined;
  const { width, height } = picture;
  const side = Math.min(width, height);
  const canvas = new OffscreenCanvas(GROUP_SIDE, GROUP_SIDE);
  const context = canvas.getContext('2d');
  context?.drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, GROUP_SIDE, GROUP_SIDE);
  picture.close();
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: GROUP_QUALITY });
  // a browser that can't write WebP writes PNG instead, which is too large
  const small =
    blob.type === 'image/webp' ? blob : await canvas.convertToBlob({ type: 'image/jpeg', quality: GROUP_QUALITY });
  return new Uint8Array(await small.arrayBuffer());
}

export async function previewOfFilm(url: string): Promise<Preview | undefined> {
  const film = document.createElement('video');
  film.muted = true;
  film.preload = 'auto';
  try {
    await heard(film, 'loadeddata', () => (film.src = url));
    await heard(film, 'seeked', () => (film.currentTime = Math.min(INTO_FILM, film.duration / 2 || 0)));
    return await drawn(film, film.videoWidth, film.videoHeight);
  } finally {
    film.removeAttribute('src');
    film.load();
  }
}

function heard(film: HTMLVideoElement, what: string, begin: () => void): Promise<void> {
  return within(systemClock, FILM_DEADLINE, 'picture of a film', NEVER, (signal) => {
    return new Promise((resolve, reject) => {
      film.addEventListener(what, () => resolve(), { once: true, signal });
      film.addEventListener('error', () => reject(new Error('no film')), { once: true, signal });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      begin();
    });
  });
}

async function drawn(picture: CanvasImageSource, wide: number, high: number): Promise<Preview | undefined> {
  if (wide === 0 || high === 0) return undefined;
  for (const [side, quality] of SIZES) {
    const scale = Math.min(1, side / Math.max(wide, high));
    const [width, height] = [Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale))];
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality });
    if (blob.size <= MAX_PREVIEW) {
      return { type: blob.type, bytes: new Uint8Array(await blob.arrayBuffer()), width, height };
    }
  }
  return undefined;
}
