// How loud one's own microphone is, on its button.

const QUIET = -60; // dBFS
const LOUD = -15;

export class Level {
  #timer = 0;

  constructor(session) {
    this.session = session;
  }

  start(button) {
    this.stop();
    this.analyser = this.session.audioVideo.createAnalyserNodeForAudioInput();
    if (!this.analyser) return;
    const samples = new Float32Array(this.analyser.fftSize);
    this.#timer = setInterval(() => {
      this.analyser.getFloatTimeDomainData(samples);
      let power = 0;
      for (const sample of samples) power += sample * sample;
      const level = 10 * Math.log10(power / samples.length + 1e-9);
      const volume = this.session.muted ? 0 : (level - QUIET) / (LOUD - QUIET);
      button.style.setProperty("--volume", Math.min(Math.max(volume, 0), 1).toFixed(2));
    }, 100);
  }

  stop() {
    clearInterval(this.#timer);
    this.analyser?.removeOriginalInputs?.();
    this.analyser = null;
  }
}
