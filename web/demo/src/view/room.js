// The meeting's page: a bar above, tiles, a panel beside them, controls below.
import { Captions } from "./captions.js";
import { Chat } from "./chat.js";
import { Controls } from "./controls.js";
import { element } from "./element.js";
import { icon } from "./icons.js";
import { Roster } from "./roster.js";
import { Stage } from "./stage.js";
import { toast } from "./toasts.js";

export class Room {
  constructor(session, meeting) {
    this.session = session;
    this.audio = element("audio", { autoplay: true, hidden: true });
    this.stage = new Stage(session);
    this.stage.element.append(new Captions(session).element);
    this.roster = new Roster(session);
    this.chat = new Chat(session);
    this.controls = new Controls(session, (name) => this.#toggle(name));
    this.count = element("span", { class: "quiet" });
    this.banner = element("div", { class: "banner", role: "alert", hidden: true }, "Connecting…");
    this.panel = element("aside", { class: "panel", hidden: true });
    this.element = element(
      "div",
      { class: "room" },
      this.#bar(meeting),
      element("div", { class: "middle" }, this.stage.element, this.panel),
      this.controls.element,
      this.audio,
    );
    this.#follow();
    if (matchMedia("(min-width: 60rem)").matches) this.#toggle("people");
  }

  #bar(meeting) {
    const copy = element(
      "button",
      { class: "small", onclick: () => copyLink(meeting) },
      icon("link"),
      "Copy invitation",
    );
    return element(
      "header",
      { class: "bar" },
      element("img", { src: "icon.svg", alt: "Hubbub", width: "28", height: "28" }),
      element("h1", {}, meeting),
      this.count,
      this.banner,
      copy,
    );
  }

  #follow() {
    const { session } = this;
    this.banner.hidden = false;
    session.addEventListener("started", () => (this.banner.hidden = true));
    session.addEventListener("reconnecting", () => {
      this.banner.textContent = "Reconnecting…";
      this.banner.hidden = false;
    });
    session.people.addEventListener("change", () => {
      const { length } = session.people.present;
      this.count.textContent = length === 1 ? "Only you" : `${length} people`;
    });
    session.addEventListener("message", ({ detail }) => {
      if (this.open === "chat" || detail.senderId === session.attendeeId) return;
      this.controls.unread(1);
      if (Date.now() - detail.at < 10_000) toast(`${detail.from}: ${detail.text}`);
    });
    this.keys = (event) => this.controls.key(event);
    addEventListener("keydown", this.keys);
  }

  #toggle(name) {
    const views = { people: this.roster, chat: this.chat };
    this.open = this.open === name ? null : name;
    this.panel.hidden = !this.open;
    this.controls.panel(this.open);
    if (!this.open) return;
    const title = this.open === "chat" ? "Chat" : "People";
    const close = element(
      "button",
      { class: "plain", "aria-label": `Close ${title}`, onclick: () => this.#toggle(name) },
      icon("close"),
    );
    this.panel.setAttribute("aria-label", title);
    this.panel.replaceChildren(
      element("header", {}, element("h2", {}, title), close),
      views[this.open].element,
    );
    views[this.open].shown();
    if (this.open === "chat") this.controls.unread(0);
  }

  close() {
    removeEventListener("keydown", this.keys);
    this.stage.close();
    this.roster.close();
    this.controls.close();
  }
}

async function copyLink(meeting) {
  const link = new URL(location.href);
  link.search = `?meeting=${encodeURIComponent(meeting)}`;
  try {
    await navigator.clipboard.writeText(link.href);
    toast("The link is copied.");
  } catch {
    toast(link.href);
  }
}
