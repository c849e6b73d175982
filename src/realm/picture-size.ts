// How large a picture is that somebody else made, by its own head: before anything is painted, since a small file can hold a picture that
// fills a computer's memory. WebP, PNG and JPEG are what pages make; everything else is no picture here.

const START_OF_IMAGE = 0xffd8;
/** Tables that have their markers among those of frames. */
const NO_FRAME: readonly number[] = [0xffc4, 0xffc8, 0xffcc];

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Undefined for what is no picture of these forms. */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 30) return undefined;
  if (view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a && said(view, 12) === 'IHDR')
    return { width: view.getUint32(16), height: view.getUint32(20) };
  if (view.getUint16(0) === START_OF_IMAGE) return jpegSize(view);
  if (said(view, 0) === 'RIFF' && said(view, 8) === 'WEBP') return webpSize(view);
  return undefined;
}

/**
 * ITU T.81: segments follow one another until the frame's, which has the size. Markers that stand without a segment (table B.1: TEM, RST, SOI,
 * EOI) and fill bytes have no place before it in what pages make: readers differ in what they skip, and the frame that we see has to be
 * the one that is painted.
 */
function jpegSize(view: DataView): PictureSize | undefined {
  for (let at = 2; at + 9 <= view.byteLength; ) {
    const marker = view.getUint16(at);
    if (marker < 0xffc0 || marker === 0xffff || (marker >= 0xffd0 && marker <= 0xffd9)) return undefined;
    const isFrame = marker <= 0xffcf && !NO_FRAME.includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const length = view.getUint16(at + 2);
    // The length counts its own two bytes.
    if (length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}

function webpSize(view: DataView): PictureSize | undefined {
  switch (said(view, 12)) {
    case 'VP8 ':
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: 1 + (view.getUint32(24, true) & 0xffffff), height: 1 + (view.getUint32(26, true) >>> 8) };
    default:
      return undefined;
  }
}

function said(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((step) => view.getUint8(at + step)));
}
