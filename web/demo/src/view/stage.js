// Tiles: a face or initials of everybody, and large above them what is shared.
import { hue, initials } from "../people.js";
import { element } from "./element.js";
import { icon } from "./icons.js";

const RATIO = 16 / 9;
const SHOWN = 25; // as many videos as a client receives

export class Stage {
  #tiles = new Map(); // attendee id, or that of a share -> its element with its parts

  constructor(session) {
    this.session = session;
    this.shares = element("div", { class: "shares" });
    this.grid = element("div", { class: "grid" });
    this.element = element("main", { class: "stage" }, this.shares, this.grid);
    const update = () => this.#update();
    session.addEventListener("tiles", update);
    session.people.addEventListener("change", update);
    session.people.addEventListener("volume", () => this.#volumes());
    this.resizing = new ResizeObserver(() => this.#arrange());
    this.resizing.observe(this.grid);
  }

  #update() {
    const videos = [...this.session.tiles.values()];
    const wanted = new Map();
    for (const video of videos.filter((each) => each.isContent)) {
      const person = this.session.people.get(video.boundAttendeeId);
      wanted.set(video.boundAttendeeId, { video, person, share: true });
    }
    for (const person of this.session.people.present.slice(0, SHOWN)) {
      const video = videos.find((each) => !each.isContent && each.boundAttendeeId === person.id);
      wanted.set(person.id, { video, person, share: false });
    }
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      tile.element.remove();
      this.#tiles.delete(key);
    }
    for (const [key, tile] of wanted) this.#show(key, tile);
    this.element.classList.toggle("sharing", this.shares.childElementCount > 0);
    this.#arrange();
  }

  #show(key, { video, person, share }) {
    let tile = this.#tiles.get(key);
    if (!tile) {
      tile = share ? shareTile() : personTile(person);
      this.#tiles.set(key, tile);
      (share ? this.shares : this.grid).append(tile.element);
    }
    const tileId = video?.tileId ?? null;
    if (tile.tileId !== tileId) {
      tile.tileId = tileId;
      if (tileId !== null) this.session.audioVideo.bindVideoElement(tileId, tile.video);
    }
    tile.video.hidden = tileId === null;
    tile.element.classList.toggle("mirrored", Boolean(video?.localTile));
    tile.element.classList.toggle("paused", Boolean(video?.paused || video?.poorConnection));
    if (share) {
      tile.name.textContent = `${person?.name ?? "Somebody"} shares`;
      return;
    }
    tile.name.textContent = person.own ? `${person.name} (you)` : person.name;
    tile.muted.hidden = !person.muted;
    tile.weak.hidden = person.signal > 0.5;
    tile.element.classList.toggle("speaking", person.speaking && !person.muted);
    tile.element.setAttribute("aria-label", spoken(person));
  }

  #volumes() {
    for (const person of this.session.people.present) {
      const tile = this.#tiles.get(person.id);
      tile?.element.style.setProperty("--volume", person.muted ? 0 : person.volume);
    }
  }

  // As many columns as make the tiles largest.
  #arrange() {
    const count = this.grid.childElementCount;
    // Whole pixels below the fractions that the box really has.
    const [width, height] = [this.grid.clientWidth - 1, this.grid.clientHeight - 1];
    if (!count || width <= 0 || height <= 0) return;
    let best = { columns: 1, width: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const gap = 10;
      const across = (width - gap * (columns - 1)) / columns;
      const down = ((height - gap * (rows - 1)) / rows) * RATIO;
      const fits = Math.min(across, down);
      if (fits > best.width) best = { columns, width: fits };
    }
    this.grid.style.setProperty("--tile", `${Math.floor(best.width)}px`);
  }

  close() {
    this.resizing.disconnect();
  }
}

const screen = () => element("video", { autoplay: true, muted: true, playsInline: true });

function personTile(person) {
  const video = screen();
  const name = element("span", {});
  const muted = element("span", { class: "badge", title: "muted" }, icon("microphoneOff"));
  const weak = element("span", { class: "badge weak", title: "bad connection" }, "weak");
  const face = element("div", { class: "face", "aria-hidden": "true" }, initials(person.name));
  face.style.setProperty("--hue", hue(person.id));
  const label = element("div", { class: "label" }, muted, name, weak);
  return {
    element: element("div", { class: "tile", role: "group" }, face, video, label),
    video,
    name,
    muted,
    weak,
    tileId: null,
  };
}

function shareTile() {
  const video = screen();
  const name = element("span", {});
  const label = element("div", { class: "label" }, icon("screen"), name);
  return {
    element: element("div", { class: "tile share", role: "group" }, video, label),
    video,
    name,
    tileId: null,
  };
}

function spoken(person) {
  const states = [person.muted ? "muted" : null, person.video ? "camera on" : "camera off"];
  return [person.name, ...states.filter(Boolean)].join(", ");
}
