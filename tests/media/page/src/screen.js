// What a video element shows: size, colour, and when its frames came.
import { now } from "./clock.js";

const sampler = Object.assign(document.createElement("canvas"), { width: 16, height: 16 });
const pixels = sampler.getContext("2d", { alpha: false, willReadFrequently: true });

export class Screen {
  frames = []; // when each frame was presented
  #next = 0;

  constructor() {
    this.element = Object.assign(document.createElement("video"), {
      autoplay: true,
      muted: true,
      playsInline: true,
      width: 160,
      height: 90,
    });
    document.body.append(this.element);
    const presented = () => {
      this.frames.push(now());
      this.#next = this.element.requestVideoFrameCallback(presented);
    };
    this.#next = this.element.requestVideoFrameCallback(presented);
  }

  // [red, green, blue] at the middle of the plain part.
  get colour() {
    const { videoWidth, videoHeight } = this.element;
    if (!videoWidth) return null;
    pixels.drawImage(this.element, 0, 0, videoWidth, videoHeight, 0, 0, 16, 16);
    return [...pixels.getImageData(8, 5, 1, 1).data.slice(0, 3)];
  }

  close() {
    this.element.cancelVideoFrameCallback(this.#next);
    this.element.remove();
  }
}
