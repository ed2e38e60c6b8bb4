// Everybody who is in the meeting, as far as this client knows.

const CONTENT = "#content";

export class People extends EventTarget {
  #all = new Map();

  constructor(ownId) {
    super();
    this.ownId = ownId;
  }

  // Present ones: oneself first, then in the order of coming. Shares are no people.
  get present() {
    const own = this.#all.get(this.ownId);
    const others = [...this.#all.values()].filter((person) => person.id !== this.ownId);
    return own ? [own, ...others] : others;
  }

  get(id) {
    return this.#all.get(id.replace(CONTENT, ""));
  }

  came(id, name) {
    if (id.endsWith(CONTENT)) {
      this.update(id.replace(CONTENT, ""), { sharing: true });
      return;
    }
    if (!this.#all.has(id)) {
      this.#all.set(id, {
        id,
        name: name ?? "",
        own: id === this.ownId,
        muted: false,
        volume: 0,
        signal: 1,
        video: false,
        sharing: false,
        speaking: false,
        capabilities: null,
      });
      this.#changed();
    }
  }

  left(id) {
    if (id.endsWith(CONTENT)) this.update(id.replace(CONTENT, ""), { sharing: false });
    else if (this.#all.delete(id)) this.#changed();
  }

  update(id, change) {
    const person = this.#all.get(id);
    if (!person) return;
    const differs = Object.entries(change).some(([key, value]) => person[key] !== value);
    Object.assign(person, change);
    // Volumes change five times a second; who draws them listens to that alone.
    if (differs) this.#changed(Object.keys(change).every((key) => key === "volume"));
  }

  speaking(ids) {
    for (const person of this.#all.values()) {
      this.update(person.id, { speaking: ids.includes(person.id) });
    }
  }

  clear() {
    this.#all.clear();
    this.#changed();
  }

  #changed(volumeOnly = false) {
    this.dispatchEvent(new Event(volumeOnly ? "volume" : "change"));
  }
}

export const initials = (name) =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join("") || "?";

// The same person has the same colour in everybody's window.
export function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
}
