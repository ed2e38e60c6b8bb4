// What is being said, as the server's transcription understands it.
import { element } from "./element.js";

const LINES = 2;
const SHOWN_MS = 6000;

export class Captions {
  #lines = []; // {name, text, partial}, the newest last

  constructor(session) {
    this.element = element("div", { class: "captions", "aria-live": "polite", hidden: true });
    session.addEventListener("caption", ({ detail }) => this.#add(detail));
  }

  #add(line) {
    const last = this.#lines.at(-1);
    // A partial result is refined by the next of the same speaker.
    if (last?.partial && last.name === line.name) this.#lines.pop();
    this.#lines = [...this.#lines, line].slice(-LINES);
    this.#show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.#lines = [];
      this.#show();
    }, SHOWN_MS);
  }

  #show() {
    this.element.hidden = !this.#lines.length;
    this.element.replaceChildren(
      ...this.#lines.map(({ name, text }) => element("p", {}, element("b", {}, `${name} `), text)),
    );
  }
}
