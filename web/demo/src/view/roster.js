// Who is there, how loud and how muted, and for the host what each may do.
import { hue, initials } from "../people.js";
import { element } from "./element.js";
import { icon } from "./icons.js";
import { toast } from "./toasts.js";

const KINDS = ["Audio", "Video", "Content"];
const VALUES = {
  SendReceive: "Send and receive",
  Send: "Send only",
  Receive: "Receive only",
  None: "Nothing",
};
const REFRESH_MS = 5000;

export class Roster {
  #rows = new Map();
  #timer = 0;

  constructor(session) {
    this.session = session;
    this.list = element("ul", { class: "people" });
    this.element = element("div", { class: "scrolled" }, this.list);
    session.people.addEventListener("change", () => this.#update());
    session.people.addEventListener("volume", () => this.#volumes());
    if (session.host) {
      this.#refresh();
      this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
    }
  }

  shown() {
    this.#update();
  }

  close() {
    clearInterval(this.#timer);
  }

  #update() {
    const present = this.session.people.present;
    for (const [id, row] of this.#rows) {
      if (present.some((person) => person.id === id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const person of present) {
      let row = this.#rows.get(person.id);
      if (!row) {
        row = this.#row(person);
        this.#rows.set(person.id, row);
        this.list.append(row.element);
        if (this.session.host) this.#refresh();
      }
      row.name.textContent = person.own ? `${person.name} (you)` : person.name;
      row.state.replaceChildren(...states(person));
      row.element.classList.toggle("speaking", person.speaking && !person.muted);
    }
    this.#volumes();
  }

  #volumes() {
    for (const person of this.session.people.present) {
      const row = this.#rows.get(person.id);
      const volume = person.muted ? 0 : person.volume;
      row?.meter.style.setProperty("--volume", volume);
    }
  }

  #row(person) {
    const face = element("span", { class: "face", "aria-hidden": "true" }, initials(person.name));
    face.style.setProperty("--hue", hue(person.id));
    const name = element("span", { class: "name" });
    const state = element("span", { class: "state" });
    const meter = element("span", { class: "meter", "aria-hidden": "true" }, element("i"));
    const head = element("div", { class: "head" }, face, element("div", {}, name, meter), state);
    const row = { name, state, meter, selects: {}, element: element("li", {}, head) };
    if (this.session.host) row.element.append(this.#rights(person, row));
    return row;
  }

  // Three switches, folded away.
  #rights(person, row) {
    const switches = KINDS.map((kind) => {
      const options = Object.entries(VALUES).map(([value, text]) =>
        element("option", { value }, text),
      );
      const select = element("select", { "aria-label": `${kind} of ${person.name}` }, ...options);
      select.addEventListener("change", () => this.#change(person, row, kind));
      row.selects[kind] = select;
      return element("label", {}, element("span", {}, kind), select);
    });
    return element(
      "details",
      { class: "rights" },
      element("summary", {}, icon("rights"), "Capabilities"),
      element("div", { class: "switches" }, ...switches),
    );
  }

  async #change(person, row, kind) {
    const wanted = Object.fromEntries(KINDS.map((each) => [each, row.selects[each].value]));
    // Content is received only by who receives video; the server refuses anything else.
    if (wanted.Content.includes("Receive") && !wanted.Video.includes("Receive")) {
      if (kind === "Content") wanted.Video = wanted.Video === "Send" ? "SendReceive" : "Receive";
      else wanted.Content = wanted.Content === "SendReceive" ? "Send" : "None";
    }
    try {
      await this.session.desk.setCapabilities(person.id, wanted);
      show(row, wanted);
    } catch (error) {
      toast(error.message, "warning");
      await this.#refresh();
    }
  }

  async #refresh() {
    let all;
    try {
      all = await this.session.desk.attendees();
    } catch {
      return; // the next time tells
    }
    for (const attendee of all) {
      const row = this.#rows.get(attendee.AttendeeId);
      if (row && !row.element.contains(document.activeElement)) show(row, attendee.Capabilities);
    }
  }
}

function show(row, capabilities) {
  for (const kind of KINDS) row.selects[kind].value = capabilities[kind];
}

function states(person) {
  const shown = [];
  if (person.sharing) shown.push(sign("screen", "shares the screen"));
  shown.push(person.video ? sign("camera", "camera on") : sign("cameraOff", "camera off", true));
  shown.push(
    person.muted ? sign("microphoneOff", "muted", true) : sign("microphone", "microphone on"),
  );
  return shown;
}

const sign = (name, title, off = false) =>
  element("span", { class: off ? "sign off" : "sign", role: "img", "aria-label": title, title }, icon(name));
