import * as api from "./api.js";
import { Session } from "./session.js";
import { farewell } from "./view/farewell.js";
import { joinForm } from "./view/join.js";
import { Room } from "./view/room.js";
import { toast } from "./view/toasts.js";

const app = document.getElementById("app");

function showJoin() {
  document.title = "Hubbub";
  app.replaceChildren(joinForm(join));
}

// Errors are shown by the form that called.
async function join(wanted) {
  const answer = await api.join(wanted.meeting, wanted.user);
  const session = new Session(answer, wanted.user);
  session.addEventListener("problem", ({ detail }) => toast(detail.text, "warning"));
  const room = new Room(session, wanted.meeting);
  document.title = `${wanted.meeting} – Hubbub`;
  history.replaceState(null, "", `?meeting=${encodeURIComponent(wanted.meeting)}`);
  session.addEventListener("ended", async ({ detail }) => {
    room.close();
    app.replaceChildren(farewell(detail.status, () => rejoin(wanted), showJoin));
    await session.release();
  });
  app.replaceChildren(room.element);
  await session.start(room.audio, wanted);
}

async function rejoin(wanted) {
  try {
    await join(wanted);
  } catch (error) {
    toast(error.message, "warning");
    showJoin();
  }
}

showJoin();
