// A camera that sees one colour, with a bar that moves so that every frame differs.
export class Picture {
  constructor({ colour, width = 640, height = 360, framesPerSecond = 15 }) {
    this.colour = colour;
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.frame = 0;
    this.#draw();
    this.stream = this.canvas.captureStream(framesPerSecond);
    this.timer = setInterval(() => this.#draw(), 1000 / framesPerSecond);
  }

  resize(width, height) {
    Object.assign(this.canvas, { width, height });
    this.#draw();
  }

  // The upper three quarters are plain, for whoever samples the colour.
  #draw() {
    const { width, height } = this.canvas;
    const [red, green, blue] = this.colour;
    this.context.fillStyle = `rgb(${red} ${green} ${blue})`;
    this.context.fillRect(0, 0, width, height);
    this.context.fillStyle = "white";
    const left = ((this.frame % 50) / 50) * width;
    this.context.fillRect(left, height * 0.8, width / 16, height * 0.2);
    this.frame += 1;
  }

  stop() {
    clearInterval(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
  }
}
