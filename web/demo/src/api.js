// What the page asks of Hubbub's own server, beside the meeting itself.

class RequestFailed extends Error {}

async function ask(method, path, { body, token } = {}) {
  const request = { method, headers: {} };
  if (token) request.headers.authorization = `Bearer ${token}`;
  if (body) {
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(new URL(`api/${path}`, document.baseURI), request);
  } catch {
    throw new RequestFailed("The server cannot be reached.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new RequestFailed(answer.Message || `The server answered ${response.status}.`);
  }
  return answer;
}

const remembered = (meeting) => `hubbub-demo-attendee ${meeting}`;
const hosted = (meeting, user) => `hubbub-demo-host ${meeting}/${user}`;

// {Meeting, Attendee, host, hostToken}. A reloaded page is the attendee that it was before; a host
// is one in every tab of this browser, by the same name.
export async function join(meeting, user) {
  const known = JSON.parse(sessionStorage.getItem(remembered(meeting)) ?? "{}");
  const body = { meeting, user, ...(known.user === user ? known : {}) };
  const hostToken = localStorage.getItem(hosted(meeting, user));
  if (hostToken) body.hostToken = hostToken;
  const answer = await ask("POST", "join", { body });
  const { AttendeeId: attendeeId, JoinToken: joinToken } = answer.Attendee;
  sessionStorage.setItem(remembered(meeting), JSON.stringify({ user, attendeeId, joinToken }));
  if (answer.host) localStorage.setItem(hosted(meeting, user), answer.hostToken);
  else localStorage.removeItem(hosted(meeting, user));
  return answer;
}

// The rest of it, for one attendee of one meeting.
export class Desk {
  constructor({ Meeting, Attendee, hostToken }) {
    this.meeting = Meeting.MeetingId;
    this.token = Attendee.JoinToken;
    this.hostToken = hostToken;
  }

  // [{AttendeeId, ExternalUserId, Capabilities}…]
  async attendees() {
    const answer = await ask("GET", `attendees?meeting=${this.meeting}`, { token: this.token });
    return answer.Attendees;
  }

  setCapabilities(attendeeId, capabilities) {
    return this.#host("PUT", "capabilities", { attendeeId, capabilities });
  }

  transcribe(on) {
    return this.#host("POST", "transcription", { on });
  }

  end() {
    return this.#host("POST", "end", {});
  }

  #host(method, path, given) {
    const body = { meeting: this.meeting, ...given };
    return ask(method, path, { body, token: this.hostToken });
  }
}
