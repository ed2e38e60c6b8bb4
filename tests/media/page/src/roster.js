// Who is present, and how loud, as the client reports it.
export class Roster {
  attendees = {};

  constructor(audioVideo, journal) {
    this.audioVideo = audioVideo;
    audioVideo.realtimeSubscribeToAttendeeIdPresence((id, present, externalUserId, dropped) => {
      journal.write("presence", {
        attendee_id: id,
        present,
        external_user_id: externalUserId,
        dropped: Boolean(dropped),
      });
      if (!present) {
        delete this.attendees[id];
        audioVideo.realtimeUnsubscribeFromVolumeIndicator(id);
      } else if (!this.attendees[id]) {
        this.attendees[id] = { external_user_id: externalUserId };
        this.#subscribe(id, journal);
      }
    });
  }

  #subscribe(id, journal) {
    this.audioVideo.realtimeSubscribeToVolumeIndicator(id, (_, volume, muted, signal) => {
      // Null means unchanged.
      const change = Object.fromEntries(
        Object.entries({ volume, muted, signal }).filter(([, value]) => value !== null),
      );
      Object.assign((this.attendees[id] ??= {}), change);
      journal.write("indicator", { attendee_id: id, ...change });
    });
  }
}
