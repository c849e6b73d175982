// A small picture that somebody chose for a person or a group, painted: bytes of a stranger never become an address or markup.
import type { ComponentChild } from 'preact';
import { MAX_SIDE } from '../../../src/realm/photo.ts';
import { pictureSize } from '../../../src/realm/picture-size.ts';
import { PreviewCanvas } from './preview-canvas.tsx';

/** Points of a side. */
const SIDE = 144;

interface PaintedProps {
  readonly picture: Uint8Array | undefined;
  /** What stands there without one. */
  readonly otherwise: ComponentChild;
}

export function Painted({ picture, otherwise }: PaintedProps) {
  const size = picture && pictureSize(picture);
  if (!picture || !size || size.width > MAX_SIDE || size.height > MAX_SIDE) return <>{otherwise}</>;
  return <PreviewCanvas preview={{ bytes: picture, type: '', width: SIDE, height: SIDE }} />;
}
