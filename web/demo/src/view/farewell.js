// What is left when the meeting is over for this client, and why it is.
import { element } from "./element.js";

const REASONS = {
  Left: ["You have left", "Come back whenever you like."],
  OK: ["You have left", "Come back whenever you like."],
  MeetingEnded: ["The meeting has ended", "It is over for everybody."],
  AudioAttendeeRemoved: ["You were removed", "Somebody took you out of the meeting."],
  AudioJoinedFromAnotherDevice: ["You joined from elsewhere", "Another window has taken your place."],
  AudioCallAtCapacity: ["The meeting is full", "Nobody else can join at the moment."],
};
const OTHER = ["The connection is gone", "The server could not be reached any more."];

export function farewell(status, again, other) {
  const [title, text] = REASONS[status] ?? OTHER;
  return element(
    "main",
    { class: "lobby" },
    element(
      "section",
      { class: "card farewell" },
      element("h1", {}, title),
      element("p", { class: "quiet" }, text),
      element("button", { class: "primary wide", onclick: again }, "Join again"),
      element("button", { class: "wide", onclick: other }, "Another meeting"),
    ),
  );
}
