// A microphone that hears one tone of constant level.
export class Tone {
  constructor(context, frequency, amplitude) {
    this.oscillator = new OscillatorNode(context, { frequency });
    this.gain = new GainNode(context, { gain: amplitude });
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.oscillator.connect(this.gain).connect(destination);
    this.oscillator.start();
    this.stream = destination.stream;
  }

  set amplitude(value) {
    this.gain.gain.value = value;
  }

  stop() {
    this.oscillator.stop();
    this.gain.disconnect();
    for (const track of this.stream.getTracks()) track.stop();
  }
}
