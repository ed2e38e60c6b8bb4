// Short notices that go by themselves.
import { element } from "./element.js";

const SHOWN_MS = 5000;

export function toast(text, kind = "info") {
  const notice = element("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}
