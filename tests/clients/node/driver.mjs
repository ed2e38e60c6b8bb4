// Runs the official JavaScript clients on behalf of tests/clients/javascript.py.
//
// One JSON object a line: {"call": n, "method": "room.send", "arguments": {…}} comes in on stdin,
// {"call": n, "value": …} or {"call": n, "error": "…"} goes out on stdout. `node driver.mjs ws`
// gives the chat client the `ws` package, `node --experimental-websocket driver.mjs built-in`
// the WebSocket of Node itself.
import { createInterface } from 'node:readline';

import { methods as awsMethods } from './aws.mjs';

if (process.argv[2] === 'ws') {
  globalThis.WebSocket = (await import('ws')).WebSocket;
}
if (typeof globalThis.WebSocket !== 'function') {
  throw new Error('no WebSocket: run node with --experimental-websocket');
}
const { methods: roomMethods } = await import('./rooms.mjs');
const methods = { ...awsMethods, ...roomMethods };

function write(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function answer({ call, method, arguments: given }) {
  try {
    const value = await methods[method](given);
    write({ call, value: value === undefined ? null : value });
  } catch (error) {
    write({ call, error: String(error?.stack ?? error) });
  }
}

process.on('unhandledRejection', (reason) => write({ unhandled: String(reason?.stack ?? reason) }));
process.on('uncaughtException', (error) => write({ unhandled: String(error?.stack ?? error) }));
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(JSON.parse(line)));
lines.on('close', () => process.exit(0));
write({ ready: true });
