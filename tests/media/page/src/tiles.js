// The video tiles of a session, each on a screen of its own.
import { Screen } from "./screen.js";

export class Tiles {
  #screens = new Map();

  constructor(audioVideo, journal) {
    this.audioVideo = audioVideo;
    this.journal = journal;
  }

  updated(state) {
    const { tileId } = state;
    if (state.boundAttendeeId && !this.#screens.has(tileId)) {
      const screen = new Screen();
      this.#screens.set(tileId, screen);
      this.audioVideo.bindVideoElement(tileId, screen.element);
    }
    this.journal.write("tile", described(state));
  }

  removed(tileId) {
    this.#screens.get(tileId)?.close();
    this.#screens.delete(tileId);
    this.journal.write("tile removed", { id: tileId });
  }

  frames(tileId) {
    return this.#screens.get(tileId)?.frames ?? [];
  }

  // What is on the screens now. `decoded` counts from the start of the stream.
  async now() {
    const tiles = [];
    for (const tile of this.audioVideo.getAllVideoTiles()) {
      const state = tile.state();
      const screen = this.#screens.get(state.tileId);
      if (!screen) continue;
      tiles.push({
        ...described(state),
        width: screen.element.videoWidth,
        height: screen.element.videoHeight,
        colour: screen.colour,
        shown: screen.frames.length,
        ...(await received(this.audioVideo, state)),
      });
    }
    return tiles;
  }
}

function described(state) {
  return {
    id: state.tileId,
    attendee_id: state.boundAttendeeId,
    external_user_id: state.boundExternalUserId,
    local: state.localTile,
    content: state.isContent,
    paused: state.paused,
    poor_connection: state.poorConnection,
    stream_id: state.streamId,
    group_id: state.groupId,
  };
}

async function received(audioVideo, state) {
  const nothing = { decoded: 0, codec: "", packets: 0, lost: 0, bytes: 0 };
  const track = state.boundVideoStream?.getVideoTracks()[0];
  if (state.localTile || !track) return nothing;
  let report;
  try {
    report = await audioVideo.getRTCPeerConnectionStats();
  } catch {
    return nothing; // between two connections
  }
  if (!report) return nothing;
  for (const stats of report.values()) {
    if (stats.type !== "inbound-rtp" || stats.trackIdentifier !== track.id) continue;
    return {
      decoded: stats.framesDecoded ?? 0,
      codec: report.get(stats.codecId)?.mimeType ?? "",
      packets: stats.packetsReceived ?? 0,
      lost: stats.packetsLost ?? 0,
      bytes: stats.bytesReceived ?? 0,
    };
  }
  return nothing;
}
