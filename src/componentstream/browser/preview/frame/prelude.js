/**
 * Prepares the frame's document before any generated code runs. The policy of the response is the boundary; this
 * closes the gaps that a policy cannot (WebRTC, the joint session history) and keeps links and forms from leaving
 * the page. The types of the elements stay, so that code which feature-tests them works.
 */

/** Constructors that reach the network and that no Content-Security-Policy directive covers. */
const NETWORK = [
  "RTCPeerConnection",
  "webkitRTCPeerConnection",
  "RTCDataChannel",
  "RTCIceGatherer",
  "RTCIceTransport",
  "RTCDtlsTransport",
  "RTCSctpTransport",
  "WebTransport",
];

export function installPrelude(window) {
  removeNetwork(window);
  wrapHistory(window);
  keepLinksInside(window);
  announceSubmissions(window);
  removeScripts(window);
  ignoreFocusCalls(window);
}

function removeNetwork(window) {
  for (const name of NETWORK) delete window[name];
}

/** An entry in the history of the frame is one in the history of the host, which traps its Back button. */
function wrapHistory(window) {
  const prototype = window.History.prototype;
  for (const name of ["pushState", "replaceState", "back", "forward", "go"]) {
    Object.defineProperty(prototype, name, { value() {}, writable: false, configurable: false });
  }
}

function keepLinksInside(window) {
  const onClick = (event) => {
    const link = event.composedPath().find((node) => node.localName === "a" || node.localName === "area");
    if (link === undefined) return;
    const href = link.getAttribute("href") ?? link.getAttribute("xlink:href");
    if (href === null) return;
    event.preventDefault();
    if (href.startsWith("#")) scrollToTarget(window, href);
  };
  window.addEventListener("click", onClick, true);
  window.addEventListener("auxclick", onClick, true);
  window.addEventListener("dragstart", (event) => event.preventDefault(), true);
}

/** A sandbox without forms does not even tell the page's own handlers of a submission; this does. */
function announceSubmissions(window) {
  const submit = (form, submitter) => {
    if (!form.noValidate && !submitter?.formNoValidate && !form.reportValidity()) return;
    form.dispatchEvent(new window.SubmitEvent("submit", { bubbles: true, cancelable: true, submitter }));
  };
  window.addEventListener("click", (event) => {
    const button = event.target?.closest?.("button, input");
    if (event.defaultPrevented || !button?.form || !["submit", "image"].includes(button.type)) return;
    event.preventDefault();
    submit(button.form, button);
  });
  window.addEventListener("submit", (event) => event.preventDefault(), true);
  const requestSubmit = {
    value(submitter = null) {
      submit(this, submitter);
    },
  };
  Object.defineProperty(window.HTMLFormElement.prototype, "requestSubmit", requestSubmit);
}

export function scrollToTarget(window, hash) {
  let id = hash.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // A malformed escape is an id as it stands.
  }
  const target = id === "" || id === "top" ? window.document.body : window.document.getElementById(id);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  target?.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

/** Nothing in the finished document needs its script any longer, so no generated code can read or clone it. */
function removeScripts(window) {
  for (const script of window.document.querySelectorAll("script")) script.remove();
}

/** A call of `focus` takes the focus from the host page unless the user is in the frame already. */
function ignoreFocusCalls(window) {
  for (const prototype of [window.HTMLElement.prototype, window.SVGElement.prototype]) {
    const focus = prototype.focus;
    Object.defineProperty(prototype, "focus", {
      value(options) {
        if (window.document.hasFocus()) focus.call(this, options);
      },
      writable: false,
      configurable: false,
    });
  }
  window.focus = () => {};
}
