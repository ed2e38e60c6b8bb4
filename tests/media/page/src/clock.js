// Milliseconds since the epoch with a fraction; pages of one machine agree to well below 1 ms.
export const now = () => performance.timeOrigin + performance.now();

export const pause = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
