// The AWS SDK for JavaScript v3 against the control plane. Dates come back as {"$date": "…Z"}, so
// that a test sees that the SDK's strict parser made a Date of them.
import * as ivschat from '@aws-sdk/client-ivschat';

export function clientOf({ endpoint, region = 'us-east-1', key }) {
  return new ivschat.IvschatClient({
    endpoint,
    region,
    credentials: { accessKeyId: key[0], secretAccessKey: key[1] },
    maxAttempts: 1,
  });
}

function plain(value) {
  if (value instanceof Date) {
    return { $date: value.toISOString() };
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
  }
  return value;
}

function described(error) {
  const { name, message, $fault: fault, $metadata: metadata, $response, stack, ...members } = error;
  return {
    name,
    message,
    fault,
    status: metadata?.httpStatusCode,
    requestId: metadata?.requestId,
    members: plain(members),
    known: error instanceof ivschat.IvschatServiceException && name in ivschat,
  };
}

async function send({ client, operation, input = {} }) {
  const connection = clientOf(client);
  try {
    const { $metadata: metadata, ...output } = await connection.send(
      new ivschat[`${operation}Command`](input),
    );
    return {
      output: plain(output),
      status: metadata.httpStatusCode,
      requestId: metadata.requestId ?? null,
    };
  } catch (error) {
    return { error: described(error) };
  } finally {
    connection.destroy();
  }
}

async function paginateRooms({ client, pageSize, input = {} }) {
  const connection = clientOf(client);
  try {
    const pages = [];
    for await (const page of ivschat.paginateListRooms({ client: connection, pageSize }, input)) {
      pages.push(page.rooms.map((room) => room.arn));
    }
    return pages;
  } finally {
    connection.destroy();
  }
}

export const methods = { 'aws.send': send, 'aws.paginateRooms': paginateRooms };
