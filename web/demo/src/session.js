// The meeting as Amazon's client runs it, put into the words of this page.
import {
  ConsoleLogger,
  DefaultActiveSpeakerPolicy,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
  MeetingSessionStatusCode,
} from "amazon-chime-sdk-js";
import { Desk } from "./api.js";
import { People } from "./people.js";

export const CHAT = "chat";
const CHAT_LIFETIME_MS = 300_000; // who comes later reads the last five minutes

// Events: "started", "reconnecting", "ended" {status}, "tiles", "controls", "message" {…},
// "caption" {name, text, partial}, "problem" {text}
export class Session extends EventTarget {
  muted = false;
  camera = false;
  sharing = false;
  captions = false;
  canStartVideo = true;
  tiles = new Map(); // tile id -> state, of everybody who shows something

  constructor({ Meeting, Attendee, host, hostToken }, user) {
    super();
    this.desk = new Desk({ Meeting, Attendee, hostToken });
    this.attendeeId = Attendee.AttendeeId;
    this.user = user;
    this.host = host;
    this.people = new People(this.attendeeId);
    const logger = new ConsoleLogger("meeting", LogLevel.WARN);
    this.devices = new DefaultDeviceController(logger);
    const configuration = new MeetingSessionConfiguration(Meeting, Attendee);
    this.session = new DefaultMeetingSession(configuration, logger, this.devices);
    this.audioVideo = this.session.audioVideo;
    this.#observe();
  }

  #say(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async start(audioElement, { microphone, camera }) {
    await this.audioVideo.bindAudioElement(audioElement);
    await this.#openMicrophone(microphone);
    this.audioVideo.start();
    if (camera) await this.startCamera();
  }

  // Without a microphone one is in the meeting all the same, and listens.
  async #openMicrophone(wanted) {
    try {
      const [device] = await this.audioVideo.listAudioInputDevices();
      if (!device) throw new Error("none");
      await this.audioVideo.startAudioInput(device.deviceId);
      this.hasMicrophone = true;
    } catch {
      this.hasMicrophone = false;
      this.#say("problem", { text: "No microphone: you can listen, watch and chat." });
    }
    if (!wanted || !this.hasMicrophone) this.audioVideo.realtimeMuteLocalAudio();
  }

  #observe() {
    const { audioVideo, people } = this;
    audioVideo.addObserver({
      audioVideoDidStart: () => this.#say("started"),
      audioVideoDidStartConnecting: (again) => again && this.#say("reconnecting"),
      audioVideoDidStop: (status) => {
        people.clear();
        this.#say("ended", { status: MeetingSessionStatusCode[status.statusCode()] });
      },
      videoTileDidUpdate: (state) => {
        if (!state.boundAttendeeId) return;
        this.tiles.set(state.tileId, state);
        this.#tilesChanged();
      },
      videoTileWasRemoved: (tileId) => {
        this.tiles.delete(tileId);
        this.#tilesChanged();
      },
      videoAvailabilityDidChange: ({ canStartLocalVideo }) => {
        this.canStartVideo = canStartLocalVideo;
        this.#say("controls");
      },
      videoSendDidBecomeUnavailable: () => {
        this.camera = false;
        this.#say("problem", { text: "Your camera was turned off by the server." });
        this.#say("controls");
      },
    });
    audioVideo.addContentShareObserver({
      contentShareDidStart: () => this.#sharing(true),
      contentShareDidStop: () => this.#sharing(false),
    });
    audioVideo.realtimeSubscribeToMuteAndUnmuteLocalAudio((muted) => {
      this.muted = muted;
      this.#say("controls");
    });
    audioVideo.realtimeSubscribeToAttendeeIdPresence((id, present, name) => {
      if (present) {
        people.came(id, nameOf(name));
        if (!id.endsWith("#content")) this.#listenTo(id);
      } else {
        people.left(id);
        audioVideo.realtimeUnsubscribeFromVolumeIndicator(id);
      }
    });
    audioVideo.subscribeToActiveSpeakerDetector(new DefaultActiveSpeakerPolicy(), (ids) =>
      people.speaking(ids),
    );
    audioVideo.realtimeSubscribeToReceiveDataMessage(CHAT, (message) => this.#received(message));
    audioVideo.transcriptionController.subscribeToTranscriptEvent((event) =>
      event.results ? this.#transcribed(event.results) : this.#transcription(event),
    );
  }

  #transcribed(results) {
    for (const { alternatives, isPartial } of results) {
      const { transcript, items } = alternatives[0] ?? {};
      if (!transcript) continue;
      const speaker = items.find((item) => item.attendee)?.attendee;
      const name = nameOf(speaker?.externalUserId);
      this.#say("caption", { name, text: transcript, partial: isPartial });
    }
  }

  #transcription({ type, message }) {
    if (type === "failed" && message) this.#say("problem", { text: message });
    this.captions = type === "started" || type === "resumed";
    this.#say("controls");
  }

  #listenTo(id) {
    this.audioVideo.realtimeSubscribeToVolumeIndicator(id, (_, volume, muted, signal) => {
      const change = {};
      if (volume !== null) change.volume = volume;
      if (muted !== null) change.muted = muted;
      if (signal !== null) change.signal = signal;
      this.people.update(id, change);
    });
  }

  #tilesChanged() {
    const showing = new Set(
      [...this.tiles.values()].filter((tile) => !tile.isContent).map((tile) => tile.boundAttendeeId),
    );
    for (const { id } of this.people.present) this.people.update(id, { video: showing.has(id) });
    this.#say("tiles");
  }

  #sharing(on) {
    this.sharing = on;
    this.#say("controls");
  }

  #received(message) {
    if (message.throttled) {
      this.#say("problem", { text: "Too many messages; the last one was not delivered." });
      return;
    }
    this.#say("message", {
      from: nameOf(message.senderExternalUserId),
      senderId: message.senderAttendeeId,
      text: message.text(),
      at: new Date(message.timestampMs),
    });
  }

  toggleMute() {
    if (!this.hasMicrophone) {
      this.#say("problem", { text: "There is no microphone to turn on." });
    } else if (this.muted) this.audioVideo.realtimeUnmuteLocalAudio();
    else this.audioVideo.realtimeMuteLocalAudio();
  }

  async toggleCamera() {
    if (this.camera) await this.stopCamera();
    else await this.startCamera();
  }

  async startCamera(deviceId) {
    try {
      const wanted = deviceId ?? (await this.audioVideo.listVideoInputDevices())[0]?.deviceId;
      if (!wanted) throw new Error("none");
      await this.audioVideo.startVideoInput(wanted);
      if (!this.camera) this.audioVideo.startLocalVideoTile();
      this.camera = true;
    } catch {
      this.#say("problem", { text: "No camera can be used." });
    }
    this.#say("controls");
  }

  async stopCamera() {
    this.camera = false;
    this.audioVideo.stopLocalVideoTile();
    await this.audioVideo.stopVideoInput();
    this.#say("controls");
  }

  async toggleShare() {
    if (this.sharing) {
      this.audioVideo.stopContentShare();
      return;
    }
    try {
      await this.audioVideo.startContentShareFromScreenCapture();
    } catch (error) {
      if (error.name !== "NotAllowedError") {
        this.#say("problem", { text: "The screen cannot be shared here." });
      }
    }
  }

  chat(text) {
    this.audioVideo.realtimeSendDataMessage(CHAT, text, CHAT_LIFETIME_MS);
    this.#say("message", { from: this.user, senderId: this.attendeeId, text, at: new Date() });
  }

  leave() {
    this.audioVideo.stopContentShare();
    this.audioVideo.stop();
  }

  async release() {
    await this.audioVideo.stopVideoInput();
    await this.audioVideo.stopAudioInput();
    await this.session.destroy();
  }
}

// The server makes external user ids unique by "name#suffix".
const nameOf = (externalUserId) => (externalUserId ?? "").split("#")[0];
