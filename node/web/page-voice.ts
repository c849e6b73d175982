// Records what a person says: how long, how loud, and at the end a file like any other.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Clock, type Timer } from '../../src/realm/clock.ts';

/** Milliseconds between two looks at the loudness. */
const LOOK = 80;
/** Bars that are shown. */
const BARS = 40;
/** Milliseconds; what is longer is no message. */
const LONGEST = 30 * 60_000;
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];

export class VoiceRecording {
  /** Milliseconds so far. */
  readonly length: ReadonlySignal<number>;
  /** 0 up to 1, the newest last. */
  readonly levels: ReadonlySignal<readonly number[]>;
  readonly #length: Signal<number> = signal(0);
  readonly #levels: Signal<readonly number[]> = signal([]);
  readonly #recorder: MediaRecorder;
  readonly #stream: MediaStream;
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #clock: Clock;
  readonly #parts: Blob[] = [];
  readonly #begun: number;
  #look: Timer | undefined;

  private constructor(stream: MediaStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.length = this.#length;
    this.levels = this.#levels;
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    this.#recorder = new MediaRecorder(stream, type === undefined ? {} : { mimeType: type });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#parts.push(data));
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.#recorder.start(1000);
    this.#begun = clock.monotonic();
    this.#lookLater();
  }

  /** @throws what the browser says when there is no microphone, or the person does not let it be used */
  static async begin(clock: Clock): Promise<VoiceRecording> {
    return new VoiceRecording(await navigator.mediaDevices.getUserMedia({ audio: true }), clock);
  }

  /** What was said. */
  async finish(now: Date): Promise<File> {
    const stopped = new Promise<void>((resolve) =>
      this.#recorder.addEventListener('stop', () => resolve(), { once: true }),
    );
    if (this.#recorder.state !== 'inactive') {
      this.#recorder.stop();
      await stopped;
    }
    this.#end();
    const [type = 'audio/webm'] = this.#recorder.mimeType.split(';');
    const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
    return new File(this.#parts, `voice-${stamp}.${type.split('/')[1] ?? 'webm'}`, {
      type,
      lastModified: now.getTime(),
    });
  }

  /** Nothing of it stays. */
  cancel(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    this.#parts.length = 0;
    this.#end();
  }

  #end(): void {
    this.#look?.cancel();
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close().catch(() => undefined);
  }

  #lookLater(): void {
    this.#look = this.#clock.after(LOOK, () => {
      const wave = new Uint8Array(this.#analyser.fftSize);
      this.#analyser.getByteTimeDomainData(wave);
      const loud = Math.sqrt(wave.reduce((sum, value) => sum + ((value - 128) / 128) ** 2, 0) / wave.length);
      this.#levels.value = [...this.#levels.peek(), Math.min(1, loud * 4)].slice(-BARS);
      this.#length.value = this.#clock.monotonic() - this.#begun;
      if (this.#length.peek() > LONGEST && this.#recorder.state !== 'inactive') this.#recorder.stop();
      else this.#lookLater();
    });
  }
}
