// The page's devices and instruments on two peer connections of its own, with no server between.
import { Picture } from "./camera.js";
import { now, pause } from "./clock.js";
import { Ears } from "./ears.js";
import { Tone } from "./microphone.js";
import { Screen } from "./screen.js";

// Sends the tone and the picture for `seconds`; says what was heard of `frequencies` and seen.
export async function loopback({ tone, amplitude, picture, frequencies, seconds }) {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const microphone = new Tone(context, tone, amplitude);
  const camera = new Picture(picture);
  const sender = new RTCPeerConnection();
  const receiver = new RTCPeerConnection();
  sender.onicecandidate = ({ candidate }) => receiver.addIceCandidate(candidate);
  receiver.onicecandidate = ({ candidate }) => sender.addIceCandidate(candidate);
  const tracks = new Promise((resolve) => {
    const arrived = [];
    receiver.ontrack = ({ track }) => {
      if (arrived.push(track) === 2) resolve(arrived);
    };
  });
  for (const stream of [microphone.stream, camera.stream]) sender.addTrack(stream.getTracks()[0]);

  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription);
  await receiver.setLocalDescription();
  await sender.setRemoteDescription(receiver.localDescription);

  const [audio, video] = (await tracks).sort((a, b) => a.kind.localeCompare(b.kind));
  const element = new Audio();
  element.srcObject = new MediaStream([audio]);
  await element.play();
  const ears = new Ears(context, element.srcObject);
  const screen = new Screen();
  screen.element.srcObject = new MediaStream([video]);
  await pause(1000);

  ears.watch(tone);
  const before = screen.frames.length;
  const heard = await ears.listen(frequencies, seconds);
  const silencedAt = now();
  microphone.amplitude = 0;
  await pause(400);
  const report = {
    heard,
    watched: ears.watched(tone),
    silencedAt,
    frames: screen.frames.length - before,
    colour: screen.colour,
    width: screen.element.videoWidth,
    height: screen.element.videoHeight,
  };
  ears.close();
  microphone.stop();
  camera.stop();
  screen.close();
  sender.close();
  receiver.close();
  await context.close();
  return report;
}
