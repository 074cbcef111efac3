/** The session storage of the page, which lets a reload continue the same generation. */

const PREFIX = "componentstream:";

/**
 * Return the generation that was kept under a name: its URL, the ids of the stream and of the last event, both
 * empty if none had come, and the request if it can be sent again. Null if nothing was kept.
 */
export function kept(name) {
  try {
    const value = JSON.parse(sessionStorage.getItem(PREFIX + name));
    const lastEventId = sessionStorage.getItem(`${PREFIX}${name}:last`) ?? "";
    const isOurs = [value?.url, value?.base, value?.streamId].every((part) => typeof part === "string");
    return isOurs ? { ...value, lastEventId } : null;
  } catch {
    return null;
  }
}

/** Forget the generation that was kept under a name. */
export function forget(name) {
  write((storage) => {
    storage.removeItem(PREFIX + name);
    storage.removeItem(`${PREFIX}${name}:last`);
  });
}

/** Keep the URL, the request and the stream of a generation. */
export function keep(name, value) {
  write((storage) => storage.setItem(PREFIX + name, JSON.stringify(value)));
}

/** Keep the id of the last event; separately, because it changes with each chunk. */
export function keepLastEventId(name, lastEventId) {
  write((storage) => storage.setItem(`${PREFIX}${name}:last`, lastEventId));
}

function write(action) {
  try {
    action(sessionStorage);
  } catch {
    // Missing, full or forbidden: the generation continues, and a reload of the page will start without it.
  }
}
