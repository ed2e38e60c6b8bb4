// One attendee of a meeting: the real client, with devices that a test can recognise.
import "./network.js";
import {
  DefaultActiveSpeakerPolicy,
  MeetingSessionCredentials,
  MeetingSessionStatusCode,
} from "amazon-chime-sdk-js";
import { Picture } from "./camera.js";
import { now, pause } from "./clock.js";
import { Ears } from "./ears.js";
import { Journal } from "./journal.js";
import { Log } from "./log.js";
import { loopback } from "./loopback.js";
import { Tone } from "./microphone.js";
import { connections, sendMediaTo, sockets } from "./network.js";
import { Roster } from "./roster.js";
import { codecs, meetingSession, preferences } from "./session.js";
import { Tiles } from "./tiles.js";

class Client {
  journal = new Journal();
  log = new Log(this.journal);
  context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
  ears = null;
  roster = null;
  speakers = [];

  // options: {tone, amplitude, muted, policy, simulcast, svc, codecs, mediaPort, topics, hear, rest}
  async join(meeting, attendee, options = {}) {
    const { tone, amplitude = 0.2, muted = false, mediaPort = 0 } = options;
    const { topics = [], rest = 0 } = options;
    sendMediaTo(mediaPort);
    await this.context.resume();
    this.session = meetingSession(meeting, attendee, options, this.log);
    this.audioVideo = this.session.audioVideo;
    this.tiles = new Tiles(this.audioVideo, this.journal);
    this.roster = new Roster(this.audioVideo, this.journal);
    this.#observe();
    for (const topic of topics) this.subscribe(topic);
    if (options.priorities) this.prefer(options.priorities);
    if (tone) {
      this.microphone = new Tone(this.context, tone, amplitude);
      await this.audioVideo.startAudioInput(this.microphone.stream);
    }
    if (muted) this.audioVideo.realtimeMuteLocalAudio();
    await this.#listen(options.hear);
    await pause(rest * 1000);
    return await this.start();
  }

  // When start() was called and when the client said that it had started.
  async start() {
    const from = this.journal.entries.length;
    const called = now();
    this.journal.write("start");
    const stopped = this.journal.until("stopped", {}, 150, from);
    stopped.catch(() => {});
    const started = this.journal.until("started", {}, 150, from);
    started.catch(() => {});
    this.audioVideo.start();
    const first = await Promise.race([started, stopped]);
    if (first.kind === "stopped") throw new Error(`not started: ${JSON.stringify(first.value)}`);
    return { called, started: first.at };
  }

  async #listen(frequency) {
    this.audioVideo.addAudioMixObserver({
      meetingAudioStreamBecameActive: (stream) => {
        this.ears?.close();
        this.ears = new Ears(this.context, stream);
        if (frequency) this.ears.watch(frequency);
        this.journal.write("audio stream");
      },
      meetingAudioStreamBecameInactive: () => this.journal.write("audio stream ended"),
    });
    // Chromium hands received audio to WebAudio only while an element plays it.
    const element = Object.assign(document.createElement("audio"), { autoplay: true });
    document.body.append(element);
    await this.audioVideo.bindAudioElement(element);
  }

  // What it hears with. The client may hand the audio out a moment after it has started.
  async hearing() {
    await this.journal.until("audio stream");
    return this.ears;
  }

  #observe() {
    const write = (kind) => (value) => this.journal.write(kind, value ?? null);
    this.audioVideo.addObserver({
      audioVideoDidStartConnecting: (reconnecting) =>
        this.journal.write("connecting", { reconnecting }),
      audioVideoDidStart: write("started"),
      audioVideoDidStop: (status) =>
        this.journal.write("stopped", { status: statusName(status), terminal: status.isTerminal() }),
      videoTileDidUpdate: (state) => this.tiles.updated(state),
      videoTileWasRemoved: (tileId) => this.tiles.removed(tileId),
      videoAvailabilityDidChange: ({ canStartLocalVideo }) =>
        this.journal.write("availability", { can_start: canStartLocalVideo }),
      videoSendDidBecomeUnavailable: write("video send unavailable"),
      remoteVideoSourcesDidChange: (sources) =>
        this.journal.write("sources", { attendees: sources.map((each) => each.attendee.attendeeId) }),
      connectionDidBecomePoor: write("connection poor"),
      connectionDidBecomeGood: write("connection good"),
      encodingSimulcastLayersDidChange: (layers) => this.journal.write("layers", { layers }),
      audioVideoWasDemotedFromPrimaryMeeting: (status) =>
        this.journal.write("demoted", { status: statusName(status) }),
    });
    this.audioVideo.addContentShareObserver({
      contentShareDidStart: write("share started"),
      contentShareDidStop: write("share stopped"),
      contentShareDidPause: write("share paused"),
      contentShareDidUnpause: write("share unpaused"),
    });
    this.audioVideo.realtimeSubscribeToMuteAndUnmuteLocalAudio((muted) =>
      this.journal.write("muted", { muted }),
    );
    this.audioVideo.realtimeSubscribeToLocalSignalStrengthChange((strength) =>
      this.journal.write("signal", { strength }),
    );
    this.audioVideo.subscribeToActiveSpeakerDetector(new DefaultActiveSpeakerPolicy(), (active) => {
      this.speakers = active;
      this.journal.write("speakers", { active });
    });
    this.audioVideo.transcriptionController?.subscribeToTranscriptEvent((event) =>
      this.journal.write("transcript", JSON.parse(JSON.stringify(event))),
    );
  }

  mute = () => this.audioVideo.realtimeMuteLocalAudio();
  unmute = () => this.audioVideo.realtimeUnmuteLocalAudio();

  async cameraOn(picture) {
    this.camera?.stop();
    this.camera = new Picture(picture);
    await this.audioVideo.startVideoInput(this.camera.stream);
    const at = now();
    return { tile: this.audioVideo.startLocalVideoTile(), at };
  }

  async cameraOff() {
    this.audioVideo.stopLocalVideoTile();
    await this.audioVideo.stopVideoInput();
    this.camera?.stop();
    this.camera = null;
  }

  // options: a picture, and optionally {tone, amplitude, simulcast, codecs}
  async share(options) {
    this.screen = new Picture(options);
    const tracks = [...this.screen.stream.getTracks()];
    if (options.tone) {
      this.shareTone = new Tone(this.context, options.tone, options.amplitude ?? 0.2);
      tracks.push(...this.shareTone.stream.getTracks());
    }
    if (options.simulcast) this.audioVideo.enableSimulcastForContentShare(true);
    if (options.codecs) {
      this.audioVideo.setContentShareVideoCodecPreferences(codecs(options.codecs));
    }
    const at = now();
    await this.audioVideo.startContentShare(new MediaStream(tracks));
    return { at };
  }

  stopShare() {
    this.audioVideo.stopContentShare();
    this.screen?.stop();
    this.shareTone?.stop();
    this.screen = this.shareTone = null;
  }

  subscribe(topic) {
    this.audioVideo.realtimeSubscribeToReceiveDataMessage(topic, (message) =>
      this.journal.write("message", {
        topic: message.topic,
        text: message.text(),
        sender: message.senderAttendeeId,
        external_user_id: message.senderExternalUserId,
        timestamp_ms: message.timestampMs,
        throttled: message.throttled,
      }),
    );
  }

  send = (topic, text, lifetimeMs) =>
    this.audioVideo.realtimeSendDataMessage(topic, text, lifetimeMs);

  prefer(wanted) {
    this.session.configuration.videoDownlinkBandwidthPolicy.chooseRemoteVideoSources(
      preferences(wanted),
    );
  }

  async promote({ AttendeeId, ExternalUserId, JoinToken }) {
    const credentials = Object.assign(new MeetingSessionCredentials(), {
      attendeeId: AttendeeId,
      externalUserId: ExternalUserId,
      joinToken: JoinToken,
    });
    return statusName(await this.audioVideo.promoteToPrimaryMeeting(credentials));
  }

  // Statistics of the main peer connection, as plain objects.
  async stats() {
    const report = await this.audioVideo.getRTCPeerConnectionStats();
    return report ? [...report.values()] : [];
  }

  // Closes the newest signalling socket, as a client that goes mad would.
  closeSocket = (code) => sockets.at(-1).close(code);
  // Bytes that the client itself would never send.
  sendRaw = (bytes) => sockets.at(-1).send(new Uint8Array(bytes));
  socketCount = () => sockets.length;
  connectionCount = () => connections.length;
  now = now;

  async leave() {
    const from = this.journal.entries.length;
    this.audioVideo.stop();
    await this.journal.until("stopped", {}, 20, from);
  }
}

const statusName = (status) =>
  MeetingSessionStatusCode[status.statusCode()] ?? String(status.statusCode());

window.client = new Client();
window.loopback = loopback;
