// A film that is large and cheap to make: VP8 pictures that the browser encodes, one a second, each in a cluster of its own that is
// filled up with nothing, and an index at the front, so that a player can seek in it by ranges (Matroska, RFC 9559).

/** Runs in the page: `seconds` pictures as VP8 key frames, in base64. */
export function encodePictures(seconds: number): string {
  return `(async () => {
    const frames = [];
    const encoder = new VideoEncoder({
      error: (error) => { throw error; },
      output: (chunk) => {
        const bytes = new Uint8Array(chunk.byteLength);
        chunk.copyTo(bytes);
        frames.push(btoa(String.fromCharCode(...bytes)));
      },
    });
    encoder.configure({ codec: 'vp8', width: 320, height: 180 });
    const canvas = new OffscreenCanvas(320, 180);
    const pen = canvas.getContext('2d');
    for (let second = 0; second < ${seconds}; second++) {
      pen.fillStyle = 'hsl(' + second * 6 + ' 60% 40%)';
      pen.fillRect(0, 0, 320, 180);
      pen.fillStyle = 'white';
      pen.font = '60px sans-serif';
      pen.fillText(String(second), 120, 110);
      const frame = new VideoFrame(canvas, { timestamp: second * 1e6 });
      encoder.encode(frame, { keyFrame: true });
      frame.close();
    }
    await encoder.flush();
    return frames;
  })()`;
}

const WIDTH = 320;
const HEIGHT = 180;
/** Bytes of a seek entry, so that places are known before they are written. */
const PLACE_BYTES = 8;

/** @param filling bytes of nothing in each second */
export function makeFilm(frames: readonly Uint8Array[], filling: number): Buffer {
  const header = element(0x1a45dfa3, [
    element(0x4286, number(1)),
    element(0x42f7, number(1)),
    element(0x42f2, number(4)),
    element(0x42f3, number(8)),
    element(0x4282, Buffer.from('webm')),
    element(0x4287, number(2)),
    element(0x4285, number(2)),
  ]);
  const info = element(0x1549a966, [
    element(0x2ad7b1, number(1_000_000)),
    element(0x4489, double(frames.length * 1000)),
    element(0x4d80, Buffer.from('canopy')),
    element(0x5741, Buffer.from('canopy')),
  ]);
  const video = element(0xe0, [element(0xb0, number(WIDTH)), element(0xba, number(HEIGHT))]);
  const track = element(0xae, [
    element(0xd7, number(1)),
    element(0x73c5, number(1)),
    element(0x83, number(1)),
    element(0x86, Buffer.from('V_VP8')),
    video,
  ]);
  const tracks = element(0x1654ae6b, [track]);
  const clusters = frames.map((frame, second) => clusterOf(frame, second, filling));
  const front = info.length + tracks.length;
  const cues = cuesOf(clusters, front + cuesOf(clusters, 0).length);
  return Buffer.concat([header, element(0x18538067, [info, tracks, cues, ...clusters])]);
}

function clusterOf(frame: Uint8Array, second: number, filling: number): Buffer {
  const block = element(0xa3, Buffer.concat([Buffer.from([0x81, 0, 0, 0x80]), frame]));
  return element(0x1f43b675, [element(0xe7, number(second * 1000)), block, element(0xec, Buffer.alloc(filling))]);
}

function cuesOf(clusters: readonly Buffer[], first: number): Buffer {
  let at = first;
  const points = clusters.map((cluster, second) => {
    const place = element(0xb7, [element(0xf7, number(1)), element(0xf1, number(at, PLACE_BYTES))]);
    at += cluster.length;
    return element(0xbb, [element(0xb3, number(second * 1000, PLACE_BYTES)), place]);
  });
  return element(0x1c53bb6b, points);
}

function element(id: number, content: Buffer | readonly Buffer[]): Buffer {
  const body = Buffer.isBuffer(content) ? content : Buffer.concat(content);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([number(id), size, body]);
}

function number(value: number, length = Math.max(1, Math.ceil(value.toString(16).length / 2))): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
