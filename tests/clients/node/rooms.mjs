// ChatRooms of amazon-ivs-chat-messaging, by name. Everything a room reports is kept in order in
// its journal; tests wait for entries of it.
import {
  ChatRoom,
  DeleteMessageRequest,
  DisconnectUserRequest,
  SendMessageRequest,
} from 'amazon-ivs-chat-messaging';
import { CreateChatTokenCommand } from '@aws-sdk/client-ivschat';

import { clientOf } from './aws.mjs';

const EVENTS = [
  'connecting',
  'connect',
  'disconnect',
  'message',
  'event',
  'messageDelete',
  'userDisconnect',
];
const rooms = new Map();

async function patient(seconds, attempt) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error;
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

class Watched {
  constructor({ url, tokens, maxReconnectAttempts }) {
    this.journal = [];
    this.waiting = [];
    this.room = new ChatRoom({
      regionOrUrl: url,
      tokenProvider: () => this.provide(tokens),
      ...(maxReconnectAttempts === undefined ? {} : { maxReconnectAttempts }),
    });
    this.room.logLevel = 'error';
    this.room.logger = {
      debug: () => {},
      info: () => {},
      error: (text) => this.note('complaint', text),
    };
    for (const kind of EVENTS) {
      this.room.addListener(kind, (entry) => this.note(kind, entry));
    }
  }

  // `expiresIn`: what to say of the tokens' ends, in milliseconds from now, one entry a token; null
  // says nothing, and past the last entry the truth is told. `fixed` are given out as they are.
  // While there is no server to ask, it asks again for `patience` seconds.
  async provide({ client, input, expiresIn = [], fixed = [], patience = 0 }) {
    const count = this.journal.filter((entry) => entry.kind === 'token').length;
    this.note('token', null);
    if (count < fixed.length) {
      return { token: fixed[count] };
    }
    const connection = clientOf(client);
    try {
      const { token, tokenExpirationTime, sessionExpirationTime } = await patient(patience, () =>
        connection.send(new CreateChatTokenCommand(input)),
      );
      if (count >= expiresIn.length) {
        return { token, tokenExpirationTime, sessionExpirationTime };
      }
      const after = expiresIn[count];
      return after === null
        ? { token }
        : { token, tokenExpirationTime: new Date(Date.now() + after) };
    } finally {
      connection.destroy();
    }
  }

  note(kind, value) {
    this.journal.push({ kind, value: value ?? null, at: performance.now() });
    this.waiting = this.waiting.filter((check) => !check());
  }

  wait(kind, count, seconds) {
    return new Promise((resolve, reject) => {
      const found = () => this.journal.filter((entry) => entry.kind === kind);
      const timer = setTimeout(() => {
        const seen = this.journal.map((entry) => `${entry.kind} ${JSON.stringify(entry.value)}`);
        reject(new Error(`no ${count} × ${kind} in ${seconds} s, but:\n${seen.join('\n')}`));
      }, seconds * 1000);
      const check = () => {
        if (found().length < count) {
          return false;
        }
        clearTimeout(timer);
        resolve(found().map((entry) => entry.value));
        return true;
      };
      if (!check()) {
        this.waiting.push(check);
      }
    });
  }
}

// A request's promise as the test sees it; a promise that never settles is a failure too.
async function settled(promise, seconds = 10) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ hangs: true }), seconds * 1000);
  });
  const outcome = promise.then(
    (resolved) => ({ resolved }),
    (error) => ({ rejected: error }),
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

function withRequestId(request, requestId) {
  if (requestId !== undefined) {
    request.requestId = requestId;
  }
  return request;
}

const roomOf = (name) => rooms.get(name).room;

export const methods = {
  'room.open': ({ name, ...options }) => void rooms.set(name, new Watched(options)),
  'room.connect': ({ name }) => roomOf(name).connect(),
  'room.disconnect': ({ name }) => roomOf(name).disconnect(),
  'room.state': ({ name }) => roomOf(name).state,
  'room.send': ({ name, content, attributes, requestId }) =>
    settled(
      roomOf(name).sendMessage(withRequestId(new SendMessageRequest(content, attributes), requestId)),
    ),
  'room.sendMany': ({ name, contents }) =>
    Promise.all(
      contents.map((content) => settled(roomOf(name).sendMessage(new SendMessageRequest(content)))),
    ),
  'room.deleteMessage': ({ name, id, reason }) =>
    settled(roomOf(name).deleteMessage(new DeleteMessageRequest(id, reason))),
  'room.disconnectUser': ({ name, userId, reason }) =>
    settled(roomOf(name).disconnectUser(new DisconnectUserRequest(userId, reason))),
  'room.journal': ({ name }) => rooms.get(name).journal,
  'room.wait': ({ name, kind, count, seconds }) => rooms.get(name).wait(kind, count, seconds),
  'room.forget': ({ name }) => {
    roomOf(name).disconnect();
    rooms.delete(name);
  },
};
