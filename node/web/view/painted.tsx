// A small picture that somebody chose for a person or a group, painted: bytes of a stranger never become an address or markup.
import type { ComponentChild } from 'preact';
import { pictureSize } from '../model/picture-size.ts';
import { PreviewCanvas } from './preview-canvas.tsx';

/** Points of a side; what its own head says to be larger is not painted. */
const SIDE = 144;
const MOST = 512;

interface PaintedProps {
  readonly picture: Uint8Array | undefined;
  /** What stands there without one. */
  readonly otherwise: ComponentChild;
}

export function Painted({ picture, otherwise }: PaintedProps) {
  const size = picture && pictureSize(picture);
  if (!picture || !size || size.width > MOST || size.height > MOST) return <>{otherwise}</>;
  return <PreviewCanvas preview={{ bytes: picture, type: '', width: SIDE, height: SIDE }} />;
}
