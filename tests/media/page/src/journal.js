// Everything that happened, in order, as {kind, value, at}.
import { now } from "./clock.js";

const matches = (value, pattern) => {
  if (pattern === null || typeof pattern !== "object") return value === pattern;
  if (value === null || typeof value !== "object") return false;
  return Object.entries(pattern).every(([key, wanted]) => matches(value[key], wanted));
};

export class Journal {
  entries = [];
  #waiting = new Set();

  write(kind, value = null) {
    const entry = { kind, value, at: now() };
    this.entries.push(entry);
    for (const waiter of [...this.#waiting]) waiter(entry);
  }

  // The first entry from number `from` on whose value contains `pattern`.
  until(kind, pattern = {}, seconds = 10, from = 0) {
    const wanted = (entry) => entry.kind === kind && matches(entry.value ?? {}, pattern);
    const found = this.entries.slice(from).find(wanted);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const waiter = (entry) => {
        if (!wanted(entry)) return;
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(entry);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const seen = this.entries.filter((entry) => entry.kind === kind).slice(-20);
        reject(
          new Error(
            `no ${kind} ${JSON.stringify(pattern)} in ${seconds} s; seen: ${JSON.stringify(seen)}`,
          ),
        );
      }, seconds * 1000);
      this.#waiting.add(waiter);
    });
  }
}
