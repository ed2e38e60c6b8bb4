// The page's WebSockets and peer connections, and where their media goes.
export const sockets = [];
export const connections = [];

let mediaPort = 0; // 0: where the server's answers say

// Media goes to this UDP port of the loopback interface whatever answers say.
export function sendMediaTo(port) {
  mediaPort = port;
}

const CANDIDATE = /^a=candidate:(\S+ \d+) (udp|tcp) (\d+) \S+ \d+ (.*)$/i;

function redirected(sdp) {
  const lines = sdp.split("\r\n").flatMap((line) => {
    const parts = CANDIDATE.exec(line);
    if (!parts) return [line];
    const [, foundation, transport, priority, rest] = parts;
    if (transport.toLowerCase() === "tcp") return [];
    return [`a=candidate:${foundation} udp ${priority} 127.0.0.1 ${mediaPort} ${rest}`];
  });
  return lines.join("\r\n");
}

class WatchedConnection extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }

  setRemoteDescription(description, ...rest) {
    if (!mediaPort) return super.setRemoteDescription(description, ...rest);
    const { type, sdp } = description;
    return super.setRemoteDescription({ type, sdp: redirected(sdp) }, ...rest);
  }
}

class WatchedSocket extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.push(this);
  }
}

window.RTCPeerConnection = WatchedConnection;
window.WebSocket = WatchedSocket;
