// The AWS SDK for JavaScript v3 against the control plane. Dates come back as {"$date": "…Z"}, so
// that a test sees that the SDK's strict parser made a Date of them.
import * as identity from '@aws-sdk/client-chime-sdk-identity';
import * as ivschat from '@aws-sdk/client-ivschat';

const SERVICES = {
  ivschat: { sdk: ivschat, Client: ivschat.IvschatClient, base: ivschat.IvschatServiceException },
  'chime-sdk-identity': {
    sdk: identity,
    Client: identity.ChimeSDKIdentityClient,
    base: identity.ChimeSDKIdentityServiceException,
  },
};

export function clientOf({ service = 'ivschat', endpoint, region = 'us-east-1', key }) {
  return new SERVICES[service].Client({
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

function described(error, { sdk, base }) {
  const { name, message, $fault: fault, $metadata: metadata, $response, stack, ...members } = error;
  return {
    name,
    message,
    fault,
    status: metadata?.httpStatusCode,
    requestId: metadata?.requestId,
    members: plain(members),
    known: error instanceof base && name in sdk,
  };
}

async function send({ client, operation, input = {} }) {
  const connection = clientOf(client);
  const service = SERVICES[client.service ?? 'ivschat'];
  try {
    const { $metadata: metadata, ...output } = await connection.send(
      new service.sdk[`${operation}Command`](input),
    );
    return {
      output: plain(output),
      status: metadata.httpStatusCode,
      requestId: metadata.requestId ?? null,
    };
  } catch (error) {
    return { error: described(error, service) };
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
