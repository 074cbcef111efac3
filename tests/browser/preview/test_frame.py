"""The frame of the preview: its runtime under Node, and the built frames in a browser."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from componentstream.browser.preview import build
from tests import parts
from tests.browser.pages import chromium
from tests.browser.preview.frames import FRAMES, mount, serving, wait_for_message
from tests.timing import WAIT

HERE = Path(__file__).parent
PACKAGES = HERE.parent
MAX_GZIP = 400 * 1024


@pytest.mark.parametrize("suite", ["layout", "runtime", "scheduler"])
def test_the_suites_of_the_runtime_pass_under_node(suite):
    parts.npm_packages(PACKAGES)
    command = [parts.program("node"), str(HERE / f"{suite}.test.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10 * WAIT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE)


@pytest.fixture(scope="module")
def frames():
    """Build the frames if they are not up to date; give their folder."""
    parts.program("npm")
    return build()


def test_each_frame_is_one_file_with_the_script_of_its_policy(frames):
    manifest = json.loads((frames / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest) >= set(FRAMES)
    for name in FRAMES:
        html = (frames / name).read_text(encoding="utf-8")
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        assert [attributes for attributes, _ in scripts] == [""]
        sha256 = base64.b64encode(hashlib.sha256(scripts[0][1].encode()).digest()).decode()
        assert manifest[name]["sha256"] == sha256
        assert f"script-src 'sha256-{sha256}' 'unsafe-eval';" in manifest[name]["csp"]
        assert manifest[name]["csp"].startswith("sandbox allow-scripts; default-src 'none'; ")
        assert not re.search(r"<(?:link|img|iframe)\b", html.replace(scripts[0][1], ""))


def test_the_plain_frame_is_small_and_the_licenses_are_beside_it(frames):
    assert len(gzip.compress((frames / "frame.html").read_bytes())) <= MAX_GZIP
    licenses = (frames / "LICENSES.txt").read_text(encoding="utf-8")
    for package in ("react", "react-dom", "sucrase", "lucide-react", "tailwind-merge", "recharts"):
        assert re.search(rf"^{package} \d", licenses, re.MULTILINE)


@pytest.fixture(scope="module")
def url(frames):
    with serving(frames) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    sync_api = parts.module("playwright.sync_api")
    path = parts.program("chromium")
    with sync_api.sync_playwright() as playwright, chromium(playwright, path) as browser:
        yield browser


@pytest.fixture
def page(browser, url):
    page = browser.new_page()
    page.set_default_timeout(WAIT * 1000)
    page.goto(url)
    yield page
    page.close()


SECTION = """function Hero() {
  const [count, setCount] = useState(0);
  const [text, setText] = useState("");
  return (
    <section id="hero">
      <button id="add" onClick={() => setCount(count + 1)}>count {count}</button>
      <input id="field" value={text} onChange={(event) => setText(event.target.value)} />
    </section>
  );
}
"""
ROOT = """function RootLayout() {
  return (
    <div id="root">
      <h1>The page</h1>
      <main><Hero /></main>
      <footer>The end of the page</footer>
    </div>
  );
}
"""


def test_a_section_keeps_state_and_focus_while_the_root_takes_it_over(page):
    frame = mount(page)
    page.evaluate("text => show(0, 'Hero', text, 'hero')", SECTION)
    frame.click("#add")
    frame.click("#field")
    page.keyboard.type("hel")
    frame.evaluate("window.kept = document.querySelector('#field')")
    page.evaluate("start(1, 'RootLayout', 'root')")
    for line in ROOT.splitlines(keepends=True):
        page.evaluate("text => feed(1, text)", line)
        page.wait_for_timeout(20)
    frame.wait_for_selector("#root main #hero")
    page.evaluate("stop(1)")
    page.keyboard.type("lo")
    frame.wait_for_selector("footer")
    assert frame.input_value("#field") == "hello"
    assert frame.inner_text("#add") == "count 1"
    assert frame.evaluate("document.querySelector('#field') === kept && document.activeElement === kept")
    assert frame.locator("#hero").count() == 1


LINKS = """export default function Links() {
  const save = (event) => { window.saved = true; };
  useEffect(() => {
    for (let n = 0; n < 20; n += 1) {
      history.pushState({}, "", "#" + n);
      location.hash = "a" + n;
      window.location.hash = "b" + n;
      document.location = "#c" + n;
      location = "#d" + n;
      document.defaultView.location.assign("#e" + n);
      self.location.href = "/away";
    }
    history.go(-3);
  }, []);
  return (
    <div>
      <a id="inside" href="#target">inside</a>
      <a id="away" href="/pricing">away</a>
      <form onSubmit={save}><button id="send">send</button></form>
      <div style={{ height: 3000 }} />
      <p id="target">target</p>
    </div>
  );
}
"""


def test_links_and_forms_stay_in_the_page_and_the_history_does_not_grow(page):
    frame = mount(page)
    page.evaluate("text => show(0, 'Links', text)", LINKS)
    before = page.evaluate("history.length")
    frame.click("#away")
    frame.click("#send")
    frame.click("#inside")
    frame.wait_for_function("document.querySelector('#target').getBoundingClientRect().top < innerHeight")
    assert frame.evaluate("saved === true")
    assert frame.url.endswith("/frame.html")
    assert page.evaluate("history.length") == before


def test_generated_code_cannot_take_the_focus_of_the_host(page):
    frame = mount(page)
    page.focus("input")
    text = """export default function Greedy() {
  useEffect(() => { document.querySelector("#greedy").focus(); window.focus(); }, []);
  return <input id="greedy" autoFocus />;
}"""
    page.evaluate("text => show(0, 'Greedy', text)", text)
    frame.wait_for_selector("#greedy")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.tagName") == "INPUT"


def test_what_reaches_the_network_beside_the_policy_is_removed(page):
    frame = mount(page)
    names = ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]
    assert frame.evaluate("names => names.filter((name) => name in window)", names) == []
    assert frame.evaluate("document.querySelectorAll('script').length") == 0


def test_a_block_is_announced_before_its_code_runs(page):
    mount(page)
    page.evaluate("show(7, 'Loop', 'export default function Loop() { while (true); return <p>never</p>; }')")
    wait_for_message(page, "one.type === 'rendering' && one.index === 7")
    page.wait_for_timeout(500)
    page.evaluate("send({ type: 'ping', n: 1 })")
    page.wait_for_timeout(200)
    assert page.evaluate("messages.filter((one) => one.type === 'pong')") == []
    page.evaluate("mount('/frame.html')")  # so that the loop ends with its frame


def test_the_host_is_told_pongs_heights_and_states(page):
    frame = mount(page)
    page.evaluate("send({ type: 'ping', n: 42 })")
    page.evaluate("show(0, 'Box', 'export default () => <div id=\"box\" style={{ height: 321 }} />')")
    wait_for_message(page, "one.type === 'pong' && one.n === 42")
    wait_for_message(page, "one.type === 'height' && one.height === 321")
    wait_for_message(page, "one.type === 'status' && one.status === 'live'")
    page.evaluate("send({ type: 'theme', theme: 'dark' })")
    frame.wait_for_function("document.documentElement.classList.contains('dark')")
    types = {"ready", "pong", "height", "status", "rendering"}
    assert set(page.evaluate("messages.map((message) => message.type)")) <= types


def test_tailwind_classes_apply_to_what_is_written(page):
    frame = mount(page, "frame.tailwind.html")
    page.evaluate("start(0, 'Page')")
    page.evaluate("text => feed(0, text)", "export default () => <div><p id='a' className='pt-[13px]'>a</p>")
    frame.wait_for_function(
        "getComputedStyle(document.querySelector('#a') ?? document.body).paddingTop === '13px'"
    )
    page.evaluate("text => feed(0, text)", "<p id='b' className='bg-primary pl-[17px]'>b</p></div>")
    page.evaluate("stop(0)")
    frame.wait_for_function(
        "getComputedStyle(document.querySelector('#b') ?? document.body).paddingLeft === '17px'"
    )
    assert (
        frame.evaluate("getComputedStyle(document.querySelector('#b')).backgroundColor") == "rgb(30, 41, 59)"
    )


def test_the_pack_of_charts_draws_charts_and_motion(page):
    frame = mount(page, "frame.charts.html")
    text = """import { BarChart, Bar, XAxis } from "recharts";
import { motion } from "framer-motion";
const data = [{ name: "a", value: 3 }, { name: "b", value: 5 }];
export default function Chart() {
  return (
    <motion.div id="moving" animate={{ opacity: 1 }} initial={{ opacity: 0 }}>
      <BarChart width={300} height={200} data={data}>
        <XAxis dataKey="name" />
        <Bar dataKey="value" />
      </BarChart>
    </motion.div>
  );
}"""
    page.evaluate("text => show(0, 'Chart', text)", text)
    frame.wait_for_selector(".recharts-bar-rectangle")
    assert frame.locator("svg.recharts-surface").count() >= 1
    frame.wait_for_function("getComputedStyle(document.querySelector('#moving')).opacity === '1'")
