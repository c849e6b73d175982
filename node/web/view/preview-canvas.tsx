// The small picture that came inside a message, painted: bytes of a stranger never become an address or markup. Whatever it stands in
// has a name of its own. What says of itself that it is larger than our clients make them is not read: a small file can hold a picture that
// fills a computer's memory.
import { useEffect, useRef } from 'preact/hooks';
import type { FileCard } from '../../../src/client/client.ts';
import { pictureSize } from '../../../src/realm/picture-size.ts';

/** Points of a side. */
const MAX_SIDE = 512;

interface PreviewCanvasProps {
  readonly preview: NonNullable<FileCard['preview']>;
}

export function PreviewCanvas({ preview }: PreviewCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { bytes, type } = preview;
  const scale = Math.min(1, MAX_SIDE / Math.max(preview.width, preview.height));
  const [width, height] = [Math.ceil(preview.width * scale), Math.ceil(preview.height * scale)];
  useEffect(() => {
    let isOver = false;
    const size = pictureSize(bytes);
    if (!size || Math.max(size.width, size.height) > MAX_SIDE) return;
    const paint = async (): Promise<void> => {
      const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type }));
      const context = isOver ? undefined : canvas.current?.getContext('2d');
      // what shines through shows nothing of what was there before
      context?.clearRect(0, 0, width, height);
      context?.drawImage(picture, 0, 0, width, height);
      picture.close();
    };
    // what is no picture leaves its place empty
    void paint().catch(() => undefined);
    return () => {
      isOver = true;
    };
  }, [bytes]);
  return <canvas ref={canvas} class="preview" width={width} height={height} aria-hidden="true" />;
}
