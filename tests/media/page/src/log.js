// The client's logger: what it warns of goes into the journal, everything is kept.
import { LogLevel } from "amazon-chime-sdk-js";
import { now } from "./clock.js";

const KEPT = 4000;

export class Log {
  lines = [];
  #level = LogLevel.INFO;

  constructor(journal) {
    this.journal = journal;
  }

  #write(severity, message) {
    this.lines.push(`${now().toFixed(1)} ${severity} ${message}`);
    if (this.lines.length > KEPT) this.lines.splice(0, KEPT / 2);
  }

  debug() {}

  info(message) {
    this.#write("INFO", message);
  }

  warn(message) {
    this.#write("WARN", message);
    this.journal.write("warning", { message: String(message) });
  }

  error(message) {
    this.#write("ERROR", message);
    this.journal.write("error", { message: String(message) });
  }

  setLogLevel(level) {
    this.#level = level;
  }

  getLogLevel() {
    return this.#level;
  }
}
