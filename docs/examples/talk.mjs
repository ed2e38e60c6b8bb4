// Two people in a room, with the official clients. Run `hubbub env` first.
import { CreateChatTokenCommand, CreateRoomCommand, IvschatClient } from '@aws-sdk/client-ivschat';
import { ChatRoom, SendMessageRequest } from 'amazon-ivs-chat-messaging';
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket; // browsers and Node 22 have one

const endpoint = process.env.AWS_ENDPOINT_URL;
const chat = new IvschatClient({ endpoint });
const room = await chat.send(new CreateRoomCommand({ name: 'lobby' }));

async function join(userId) {
  const client = new ChatRoom({
    regionOrUrl: `${endpoint.replace(/^http/, 'ws')}/ivschat`,
    tokenProvider: () =>
      chat.send(
        new CreateChatTokenCommand({
          roomIdentifier: room.arn,
          userId,
          capabilities: ['SEND_MESSAGE'],
        }),
      ),
  });
  client.logLevel = 'error';
  client.connect();
  await new Promise((resolve) => client.addListener('connect', resolve));
  console.log(`${userId} joined`);
  return client;
}

const kim = await join('kim');
const ada = await join('ada');
const heard = new Promise((resolve) => ada.addListener('message', resolve));
await kim.sendMessage(new SendMessageRequest('hello'));
const message = await heard;
console.log(`ada reads: ${message.sender.userId} says: ${message.content}`);
kim.disconnect();
ada.disconnect();
