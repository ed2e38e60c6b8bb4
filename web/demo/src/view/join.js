// The first thing one sees: which meeting, and who one is.
import { element } from "./element.js";

const REMEMBERED = "hubbub-demo-name";

export function joinForm(join) {
  const suggested = new URLSearchParams(location.search).get("meeting") ?? "";
  const problem = element("p", { class: "problem", role: "alert" });
  const meeting = field("Meeting", "meeting", suggested, "for example: standup");
  const user = field("Your name", "user", localStorage.getItem(REMEMBERED) ?? "", "shown to others");
  const microphone = choice("Microphone on", true);
  const camera = choice("Camera on", true);
  const submit = element("button", { class: "primary wide", type: "submit" }, "Join");
  const form = element(
    "form",
    { class: "card join" },
    element("img", { src: "icon.svg", alt: "", width: "56", height: "56" }),
    element("h1", {}, "Join a meeting"),
    element("p", { class: "quiet" }, "Whoever enters the same name is in the same meeting."),
    meeting,
    user,
    element("div", { class: "choices" }, microphone, camera),
    problem,
    submit,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = {
      meeting: value(meeting),
      user: value(user),
      microphone: microphone.querySelector("input").checked,
      camera: camera.querySelector("input").checked,
    };
    localStorage.setItem(REMEMBERED, wanted.user);
    submit.disabled = true;
    submit.textContent = "Joining…";
    problem.textContent = "";
    try {
      await join(wanted);
    } catch (error) {
      problem.textContent = error.message;
      submit.disabled = false;
      submit.textContent = "Join";
    }
  });
  queueMicrotask(() => (suggested ? user : meeting).querySelector("input").focus());
  return element(
    "main",
    { class: "lobby" },
    form,
    element("p", { class: "quiet small" }, "Served by Hubbub, spoken by Amazon's own client."),
  );
}

function field(label, name, text, placeholder) {
  const input = element("input", {
    name,
    placeholder,
    required: true,
    autocomplete: "off",
    maxlength: "40",
  });
  input.value = text;
  return element("label", { class: "field" }, element("span", {}, label), input);
}

function choice(label, on) {
  const input = element("input", { type: "checkbox" });
  input.checked = on;
  return element("label", { class: "choice" }, input, element("span", {}, label));
}

const value = (label) => label.querySelector("input").value.trim();
