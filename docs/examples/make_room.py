"""Makes a room and a chat token for each of two users. Run `hubbub env` first."""

import boto3

chat = boto3.client("ivschat")
room = chat.create_room(name="lobby")
print("room", room["arn"])
for user in ("kim", "ada"):
    token = chat.create_chat_token(
        roomIdentifier=room["arn"], userId=user, capabilities=["SEND_MESSAGE"]
    )
    print(user, token["token"])
