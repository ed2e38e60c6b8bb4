// Data messages on one topic.
import { element } from "./element.js";
import { icon } from "./icons.js";

const MAX_BYTES = 2048; // of one data message

export class Chat {
  constructor(session) {
    this.session = session;
    this.empty = element("p", { class: "quiet empty" }, "Nobody has said anything yet.");
    this.log = element("ol", { class: "messages", role: "log", "aria-label": "Messages" });
    this.input = element("input", {
      placeholder: "Message to everybody",
      "aria-label": "Message to everybody",
      autocomplete: "off",
      maxlength: "1000",
    });
    const send = element("button", { class: "primary square", "aria-label": "Send" }, icon("send"));
    const form = element("form", { class: "compose" }, this.input, send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.scrolled = element("div", { class: "scrolled" }, this.empty, this.log);
    this.element = element("div", { class: "chat" }, this.scrolled, form);
    session.addEventListener("message", ({ detail }) => this.#add(detail));
  }

  shown() {
    this.#down();
    this.input.focus();
  }

  #send() {
    const text = this.input.value.trim();
    if (!text || new TextEncoder().encode(text).length > MAX_BYTES) return;
    this.session.chat(text);
    this.input.value = "";
  }

  #add({ from, senderId, text, at }) {
    this.empty.hidden = true;
    const own = senderId === this.session.attendeeId;
    const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.log.append(
      element(
        "li",
        { class: own ? "own" : "" },
        element("header", {}, element("b", {}, own ? "You" : from), element("time", {}, time)),
        element("p", {}, text),
      ),
    );
    this.#down();
  }

  #down() {
    this.scrolled.scrollTop = this.scrolled.scrollHeight;
  }
}
