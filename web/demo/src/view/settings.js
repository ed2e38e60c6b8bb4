// Which microphone, camera and loudspeaker are used.
import { element } from "./element.js";
import { toast } from "./toasts.js";

export class Settings {
  constructor(session) {
    this.session = session;
    this.fields = element("div", { class: "devices" });
    const done = element("button", { class: "primary wide" }, "Done");
    this.element = element(
      "dialog",
      { class: "card", "aria-label": "Devices" },
      element("form", { method: "dialog" }, element("h2", {}, "Devices"), this.fields, done),
    );
  }

  async open() {
    const { audioVideo } = this.session;
    const choose = {
      Microphone: (id) => audioVideo.startAudioInput(id),
      Camera: (id) => this.session.startCamera(id),
      Loudspeaker: (id) => audioVideo.chooseAudioOutput(id),
    };
    this.fields.replaceChildren(
      this.#field("Microphone", await listed(audioVideo.listAudioInputDevices()), choose),
      this.#field("Camera", await listed(audioVideo.listVideoInputDevices()), choose),
      this.#field("Loudspeaker", await listed(audioVideo.listAudioOutputDevices()), choose),
    );
    this.element.showModal();
  }

  #field(label, devices, choose) {
    const options = devices.map((device) =>
      element("option", { value: device.deviceId }, device.label || "unnamed"),
    );
    if (!options.length) options.push(element("option", { value: "" }, "none"));
    const select = element("select", { disabled: !devices.length }, ...options);
    select.addEventListener("change", async () => {
      try {
        await choose[label](select.value);
      } catch {
        toast(`This ${label.toLowerCase()} cannot be used.`, "warning");
      }
    });
    return element("label", { class: "field" }, element("span", {}, label), select);
  }
}

async function listed(devices) {
  try {
    return await devices;
  } catch {
    return [];
  }
}
