// The row of buttons below the tiles.
import { element } from "./element.js";
import { icon } from "./icons.js";
import { Level } from "./level.js";
import { Settings } from "./settings.js";
import { toast } from "./toasts.js";

export class Controls {
  constructor(session, toggle) {
    this.session = session;
    this.level = new Level(session);
    this.settings = new Settings(session);
    this.microphone = this.#button("Microphone", "m", () => session.toggleMute());
    this.camera = this.#button("Camera", "v", () => session.toggleCamera());
    this.share = this.#button("Share", null, () => session.toggleShare());
    this.captions = this.#button("Captions", null, () => this.#transcribe());
    this.captions.hidden = !session.host;
    // Off is their normal state.
    for (const button of [this.share, this.captions]) button.classList.add("extra");
    this.people = this.#button("People", null, () => toggle("people"));
    this.chat = this.#button("Chat", null, () => toggle("chat"));
    this.more = this.#button("Devices", null, () => this.settings.open());
    this.badge = element("span", { class: "count", hidden: true });
    this.chat.append(this.badge);
    for (const [button, name] of [
      [this.people, "people"],
      [this.chat, "chat"],
      [this.more, "settings"],
    ]) {
      this.#face(button, name);
    }
    this.element = element(
      "footer",
      { class: "controls", role: "toolbar", "aria-label": "Meeting controls" },
      element("div", { class: "group" }, this.microphone, this.camera, this.share, this.captions),
      element("div", { class: "group" }, this.people, this.chat, this.more),
      this.#ending(),
      this.settings.element,
    );
    session.addEventListener("controls", () => this.#update());
    session.addEventListener("started", () => this.level.start(this.microphone));
    this.#update();
  }

  #button(label, key, onclick) {
    const title = key ? `${label} (${key.toUpperCase()})` : label;
    return element(
      "button",
      { class: "control", title, onclick },
      element("span", { class: "disc" }),
      element("span", { class: "text" }, label),
    );
  }

  #face(button, name) {
    button.querySelector(".disc").replaceChildren(icon(name));
  }

  #ending() {
    const leave = element(
      "button",
      { class: "danger", onclick: () => this.session.leave() },
      icon("leave"),
      "Leave",
    );
    if (!this.session.host) return element("div", { class: "group" }, leave);
    const end = element("button", { class: "outlined", onclick: () => this.#end() }, "End for all");
    return element("div", { class: "group" }, end, leave);
  }

  async #end() {
    if (!confirm("End the meeting for everybody?")) return;
    try {
      await this.session.desk.end();
    } catch (error) {
      toast(error.message, "warning");
    }
  }

  async #transcribe() {
    try {
      await this.session.desk.transcribe(!this.session.captions);
    } catch (error) {
      toast(error.message, "warning");
    }
  }

  #update() {
    const { muted, camera, sharing, captions, canStartVideo } = this.session;
    this.#state(this.microphone, !muted, muted ? "microphoneOff" : "microphone");
    this.#state(this.camera, camera, camera ? "camera" : "cameraOff");
    this.camera.disabled = !camera && !canStartVideo;
    this.#state(this.captions, captions, "captions");
    this.#state(this.share, sharing, "screen");
    this.share.querySelector(".text").textContent = sharing ? "Stop sharing" : "Share";
  }

  #state(button, on, name) {
    button.setAttribute("aria-pressed", String(on));
    this.#face(button, name);
  }

  panel(open) {
    for (const name of ["people", "chat"]) {
      this[name].setAttribute("aria-expanded", String(open === name));
    }
  }

  // 0 clears.
  unread(more) {
    this.count = more ? (this.count ?? 0) + more : 0;
    this.badge.textContent = this.count;
    this.badge.hidden = !this.count;
  }

  key(event) {
    const writing = event.target.closest?.("input, select, textarea");
    if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "m") this.session.toggleMute();
    if (event.key === "v" && !this.camera.disabled) this.session.toggleCamera();
  }

  close() {
    this.level.stop();
  }
}
