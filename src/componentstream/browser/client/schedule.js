/** When a store tells its listeners, and where their errors go. */

const LONGEST_FRAME = 250;

/**
 * Call back once: before the next frame is drawn, so that many changes cost one drawing; at once in a hidden
 * tab, which draws no frames; and in Node, which has no page, after the code that is running.
 */
export function schedule(callback) {
  if (typeof requestAnimationFrame !== "function" || typeof document === "undefined") {
    queueMicrotask(callback);
    return;
  }
  let frame = 0;
  let timer = 0;
  let called = false;
  const call = () => {
    if (called) return;
    called = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    callback();
  };
  const onVisibility = () => {
    if (document.visibilityState === "hidden") post(call);
  };
  frame = requestAnimationFrame(call);
  // Browsers draw no frames for a page that is visible in name only, such as a frame out of sight.
  timer = setTimeout(call, LONGEST_FRAME);
  document.addEventListener("visibilitychange", onVisibility);
  onVisibility();
}

// Messages are not slowed down in a hidden tab; timers are, down to one a minute.
function post(task) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    task();
  };
  port2.postMessage(null);
}

/** Report an error of the page's own code as the browser would, and return. */
export function report(problem) {
  if (typeof reportError === "function") reportError(problem);
  else {
    queueMicrotask(() => {
      throw problem;
    });
  }
}
