// What a file is for whoever looks at it, by the sender's word for its type. What a browser is told comes from a short list: anything else
// is bytes to be saved, above all what could carry script.
export type FileKind = 'image' | 'video' | 'audio' | 'other';

export const UNPLAYED = 'application/octet-stream';

const PLAYED: ReadonlySet<string> = new Set([
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'video/mp4',
  'video/ogg',
  'video/quicktime',
  'video/webm',
  'audio/aac',
  'audio/flac',
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/webm',
  'audio/x-m4a',
  'audio/x-wav',
]);

export function playedType(type: string): string {
  return PLAYED.has(type) ? type : UNPLAYED;
}

export function kindOfFile({ type }: { readonly type: string }): FileKind {
  if (!PLAYED.has(type)) return 'other';
  if (type.startsWith('image/')) return 'image';
  return type.startsWith('video/') ? 'video' : 'audio';
}

/** For a disk and for eyes: without what would turn the text around or lead elsewhere. */
export function plainName(name: string): string {
  const plain = name
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .replaceAll(/[/\\:*?"<>|]/g, '_');
  return plain.replace(/^\.+/, '').trim() || 'file';
}
