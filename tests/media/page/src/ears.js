// Which tones a stream holds. Levels are dBFS: a sine of amplitude 1 is 0 dB.
import { now, pause } from "./clock.js";

const FLOOR = -200;
// What an AnalyserNode shows too little for a sine: half of it lies at the negative frequency,
// and its Blackman window passes 0.42.
const ANALYSER_LOSS = -20 * Math.log10(0.42 / 2);

export class Ears {
  #watches = new Map();

  constructor(context, stream) {
    this.context = context;
    this.source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    // 170 ms and 43 ms of sound at 48 kHz.
    this.spectrum = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    this.moment = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.source.connect(this.spectrum);
    this.source.connect(this.moment);
  }

  // The median level of each tone over `seconds`, and of the loudest of everything else as `rest`.
  // Medians, because a page that gets too little of the processor clicks now and then.
  async listen(frequencies, seconds) {
    const bins = new Float32Array(this.spectrum.frequencyBinCount);
    const width = this.context.sampleRate / this.spectrum.fftSize;
    const levels = new Map(frequencies.map((each) => [each, []]));
    const rests = [];
    await pause(200); // what is in the window was heard before this call
    const end = now() + seconds * 1000;
    do {
      this.spectrum.getFloatFrequencyData(bins);
      for (const frequency of frequencies) {
        const center = Math.round(frequency / width);
        levels.get(frequency).push(Math.max(...bins.subarray(center - 4, center + 5)));
        bins.fill(FLOOR, center - 4, center + 5);
      }
      rests.push(bins.subarray(20).reduce((loudest, each) => Math.max(loudest, each), FLOOR));
      await pause(50);
    } while (now() < end);
    const tones = frequencies.map((each) => [each, scaled(median(levels.get(each)))]);
    return { tones, rest: scaled(median(rests)) };
  }

  // From now on write down the level of one tone, about every 10 ms, as [at, dB].
  watch(frequency) {
    const samples = new Float32Array(this.moment.fftSize);
    const levels = [];
    const timer = setInterval(() => {
      this.moment.getFloatTimeDomainData(samples);
      // The newest 20 ms only.
      levels.push([now(), level(samples.subarray(-960), frequency, this.context.sampleRate)]);
    }, 10);
    this.#watches.set(frequency, { timer, levels });
  }

  watched(frequency) {
    const { timer, levels } = this.#watches.get(frequency);
    clearInterval(timer);
    this.#watches.delete(frequency);
    return levels;
  }

  close() {
    for (const { timer } of this.#watches.values()) clearInterval(timer);
    this.source.disconnect();
  }
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const scaled = (level) => Math.max(level + ANALYSER_LOSS, FLOOR);

// Goertzel's algorithm below a Hann window.
function level(samples, frequency, sampleRate) {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / sampleRate);
  let before = 0;
  let last = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const window = 1 - Math.cos((2 * Math.PI * index) / samples.length);
    const next = samples[index] * window + coefficient * last - before;
    before = last;
    last = next;
  }
  const power = before * before + last * last - coefficient * before * last;
  const amplitude = (2 * Math.sqrt(Math.max(power, 0))) / samples.length;
  return amplitude > 0 ? Math.max(20 * Math.log10(amplitude), FLOOR) : FLOOR;
}
