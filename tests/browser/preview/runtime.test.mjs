/** The runtime of the preview: what stays and what is shown while blocks are being written. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Stage } from "./stage.mjs";

let stage = null;

function open(options) {
  stage = new Stage(options);
  return stage;
}

afterEach(() => {
  stage?.close();
  stage = null;
});

const COUNTER = `import { useState } from "react";

export default function Counter() {
  const [count, setCount] = useState(0);
  const [text, setText] = useState("");
  return (
    <section className="panel">
      <button id="add" onClick={() => setCount(count + 1)}>count {count}</button>
      <input id="field" value={text} onChange={(event) => setText(event.target.value)} />
`;
const PARAGRAPHS = Array.from({ length: 24 }, (_, n) => `      <p>Paragraph ${n} of the page</p>\n`);
const COUNTER_END = "    </section>\n  );\n}\n";

function statusOf(index) {
  return stage.runtime.blocks()[index].status;
}

test("state, focus and DOM nodes are kept over 20 deltas", () => {
  open();
  const index = stage.start("Counter");
  stage.feed(index, COUNTER);
  stage.click("#add");
  stage.click("#add");
  stage.type("#field", "hello");
  const [button, field] = [stage.find("#add"), stage.find("#field")];
  field.focus();
  for (const paragraph of PARAGRAPHS) stage.feed(index, paragraph);
  stage.feed(index, COUNTER_END);
  stage.stop(index);
  assert.equal(stage.find("#add"), button);
  assert.equal(stage.find("#field"), field);
  assert.equal(button.textContent, "count 2");
  assert.equal(field.value, "hello");
  assert.equal(document.activeElement, field);
  assert.equal(stage.findAll("p").length, 24);
  assert.deepEqual(stage.problems, []);
  assert.equal(statusOf(index), "live");
});

test("a component is mounted anew once when its hooks change, and what it showed stays", () => {
  open();
  const index = stage.start("Box");
  const use =
    "export default function Box() {\n  const more = useMore();\n  return <p id='box'>box</p>;\n}\n";
  stage.feed(index, use);
  const node = stage.find("#box");
  stage.feed(
    index,
    "function useMore() {\n  const [a] = useState(1);\n  useEffect(() => {}, []);\n  return a;\n}\n",
  );
  stage.stop(index);
  assert.equal(stage.findAll("#box").length, 1);
  assert.notEqual(stage.find("#box"), node);
  assert.equal(statusOf(index), "live");
});

test("a render with less than the one before is held back until the component ends", () => {
  open();
  const index = stage.start("List");
  const start =
    "export default function List() {\n  const items = useItems();\n  return (\n    <ul id='list'>\n";
  stage.feed(index, `${start}      {[1, 2, 3].map((n) => <li key={n}>item {n}</li>)}\n`);
  assert.equal(stage.findAll("li").length, 3);
  const before = stage.html;
  stage.feed(index, "      {null}</ul>);\n}\nfunction useItems() { return []; }\n");
  assert.equal(stage.html, before);
  assert.equal(statusOf(index), "live");
});

test("a component that throws keeps its last good render and its state, and recovers", () => {
  open();
  const index = stage.start("Shaky");
  const start = `export default function Shaky() {
  const [n, setN] = useState(0);
  return (
    <div id="shaky">
      <button onClick={() => setN(n + 1)}>pressed {n}</button>
`;
  stage.feed(index, start);
  stage.click("#shaky button");
  const node = stage.find("#shaky");
  stage.feed(index, "      <p>{missing.deep.chain.of.length}</p><b>{null.name}</b>");
  assert.equal(stage.find("#shaky"), node);
  assert.equal(stage.find("#shaky button").textContent, "pressed 1");
  assert.equal(statusOf(index), "behind");
  assert.match(stage.runtime.blocks()[index].error, /null/);
  stage.click("#shaky button");
  assert.equal(stage.find("#shaky button").textContent, "pressed 2");
});

test("an error in one block leaves the others alone", () => {
  open();
  stage.stream("Good", `export default function Good() { return <p id="good">good</p>; }`);
  stage.stream(
    "Bad",
    `export default function Bad() { throw new Error("broken on purpose"); return <p>bad</p>; }`,
  );
  assert.equal(stage.find("#good").textContent, "good");
  assert.equal(statusOf(1), "failed");
  assert.match(stage.runtime.blocks()[1].error, /broken on purpose/);
});

test("an error in an event's render shows the last good elements", () => {
  open();
  const text = `export default function Fuse() {
  const [on, setOn] = useState(false);
  if (on) throw new Error("blown");
  return <button id="fuse" onClick={() => setOn(true)}>fuse</button>;
}`;
  stage.stream("Fuse", text);
  stage.click("#fuse");
  assert.equal(stage.find("#fuse").textContent, "fuse");
  assert.equal(statusOf(0), "behind");
});

test("names that nothing defines have soft stand-ins", () => {
  open();
  const text = `export default function Soft() {
  const { data, error } = useQuery("key");
  const [a, b] = useThing();
  return (
    <div id="soft" className={unknown.name} style={theme.colors}>
      {data.items.map((item) => <p key={item}>{item}</p>)}
      <Unknown.Part><b>{format(a)} {PLANS.length} {\`\${b}\`}</b></Unknown.Part>
      <lower.part><i>kept</i></lower.part>
    </div>
  );
}`;
  stage.stream("Soft", text);
  assert.equal(stage.find("#soft").innerHTML.trim(), "<b> 0 </b><i>kept</i>");
  assert.equal(statusOf(0), "live");
});

test("names of the kit, icons and placeholders need no import, and a block may declare them itself", () => {
  open();
  const text = `function Bar() {
  return (
    <NavigationMenu>
      <NavigationMenu.Link href="#a">Link</NavigationMenu.Link>
      <Button variant="outline">Go</Button>
      <Icons.Menu />
      <Placeholder.Image className="wide" />
      <Placeholder.Avatar name="Ada Byron" />
    </NavigationMenu>
  );
}`;
  stage.stream("Bar", text);
  assert.equal(stage.find("nav a").textContent, "Link");
  assert.equal(stage.find("nav button").className, "cs-button cs-outline");
  assert.equal(stage.find("nav svg").getAttribute("data-icon"), "Menu");
  assert.equal(stage.find("nav .cs-avatar").textContent, "AB");
  stage.stream("Button", `const Button = ({ children }) => <button className="own">{children}</button>;`);
  assert.equal(stage.find("nav button").className, "own");
});

test("only statements that have changed are compiled and run again", () => {
  open();
  const index = stage.start("Page");
  const rows = Array.from({ length: 30 }, (_, n) => `const row${n} = { id: ${n} };\n`).join("");
  stage.feed(
    index,
    `import { useState } from "react";\n${rows}export default function Page() {\n  return (\n    <ul>\n`,
  );
  const { compiled, evaluated } = { ...stage.runtime.counts };
  for (let n = 0; n < 20; n += 1) stage.feed(index, `      <li>{row${n}.id}</li>\n`);
  assert.equal(stage.findAll("li").length, 20);
  assert.ok(stage.runtime.counts.compiled - compiled <= 21, "one statement per delta");
  assert.ok(stage.runtime.counts.evaluated - evaluated <= 21);
});

test("a context, a store or a memoized component keeps its identity while the text grows", () => {
  open();
  const index = stage.start("App");
  stage.feed(
    index,
    `const Count = createContext(0);
const Row = memo(function Row({ n }) { return <li>{n} {useContext(Count)}</li>; });
export default function App() {
  return (
    <Count.Provider value={7}>
      <Row n={1} />
`,
  );
  const node = stage.find("li");
  assert.equal(node.textContent, "1 7");
  stage.feed(index, "      <Row n={2} />\n      <Row n={3} />\n");
  assert.deepEqual(
    stage.findAll("li").map((row) => row.textContent),
    ["1 7", "2 7", "3 7"],
  );
  assert.equal(stage.find("li"), node);
});

test("a component that waits is not evaluated before it has an element", () => {
  open();
  globalThis.started = 0;
  const index = stage.start("Late");
  stage.feed(
    index,
    `export default function Late() {\n  useState(() => { globalThis.started += 1; });\n  const x = 1;\n`,
  );
  assert.equal(globalThis.started, 0);
  assert.equal(statusOf(index), "waiting");
  stage.feed(index, "  return <p>late</p>;\n}\n");
  assert.equal(globalThis.started, 1);
});

test("a block on hold shows a note instead of running, until it may run", () => {
  open();
  globalThis.runs = 0;
  const text = "export default function Loop() { globalThis.runs += 1; return <p id='loop'>loop</p>; }";
  stage.runtime.hold(0);
  stage.stream("Loop", text);
  assert.equal(globalThis.runs, 0);
  assert.equal(statusOf(0), "frozen");
  stage.runtime.run(0);
  stage.render();
  assert.equal(stage.find("#loop").textContent, "loop");
  assert.equal(statusOf(0), "live");
  stage.runtime.hold(0);
  stage.render();
  assert.equal(stage.find("#loop"), null);
});

test("elements that load or open something are replaced, and broken props are repaired", () => {
  open();
  const text = `export default function Media() {
  return (
    <div id="media">
      <img src="https://example.test/a.png" srcSet="https://example.test/b.png 2x" alt="A hill" />
      <iframe src="https://example.test/" title="map" />
      <video src="https://example.test/v.mp4" poster="https://example.test/p.png" />
      <link rel="stylesheet" href="https://example.test/x.css" />
      <script src="https://example.test/x.js" />
      <p style="color: red">{{ a: 1 }}</p>
      <input value="1">no children</input>
    </div>
  );
}`;
  stage.stream("Media", text);
  assert.doesNotMatch(stage.html, /example\.test/);
  assert.match(stage.find("img").getAttribute("src"), /^data:image\/svg.*A%20hill/);
  assert.equal(stage.find("#media iframe, #media link, #media script"), null);
  assert.equal(statusOf(0), "live");
});

test("a helper below the root shows the children of its elements all the while it is being written", () => {
  open();
  const index = stage.start("Page");
  stage.feed(
    index,
    "function Page() {\n  return <main><Panel title='t'><p id='kept'>kept</p></Panel></main>;\n}\n",
  );
  const helper = `function Panel({ title, children }) {
  return (
    <section>
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}
`;
  for (const letter of helper) {
    stage.feed(index, letter);
    assert.equal(stage.findAll("#kept").length, 1, stage.html);
  }
  stage.stop(index);
  assert.equal(stage.find("section div #kept").textContent, "kept");
});

test("a name of the kit means a helper that is still to come where a block imports what it uses", () => {
  open();
  const index = stage.start("Page");
  stage.feed(
    index,
    `import { useState } from "react";\nfunction Page() {\n  return <main><Badge>new</Badge></main>;\n}\n`,
  );
  assert.equal(stage.find("main").innerHTML, "new");
  stage.stop(index);
  assert.equal(stage.find("main .cs-badge").textContent, "new");
});

test("a class component keeps its state while it is being written", () => {
  open();
  const index = stage.start("Tally");
  stage.feed(
    index,
    `export default class Tally extends React.Component {
  state = { n: 0 };
  render() {
    return (
      <div>
        <button onClick={() => this.setState({ n: this.state.n + 1 })}>tally {this.state.n}</button>
`,
  );
  stage.click("button");
  const node = stage.find("button");
  stage.feed(index, "        <p>more</p>\n      </div>\n    );\n  }\n}\n");
  stage.stop(index);
  assert.equal(stage.find("button"), node);
  assert.equal(node.textContent, "tally 1");
  assert.equal(stage.find("p").textContent, "more");
});

test("a lazy component does not take the rest of the page away", async () => {
  open();
  stage.stream("Other", `export default function Other() { return <p id="other">other</p>; }`);
  const text = `import { lazy } from "react";
const Chart = lazy(() => import("./Chart"));
export default function Page() { return <main>page <Suspense fallback="soon"><Chart /></Suspense></main>; }`;
  stage.stream("Page", text);
  stage.stream("Chart", `export default function Chart() { return <i>chart</i>; }`);
  await new Promise((done) => setTimeout(done, 20));
  stage.render();
  assert.equal(stage.find("#other").textContent, "other");
  assert.match(stage.find("main").textContent, /^page /);
});

test("a component of a package that is not bundled is a box with its name, or its children", () => {
  open();
  const text = `import { MapView, Provider } from "some-maps";
export default function Page() { return <Provider><MapView zoom={3} /></Provider>; }`;
  stage.stream("Page", text);
  assert.equal(stage.find(".cs-host").innerHTML, '<div class="cs-box">MapView</div>');
});

test("a bare name with children or other props is not an icon", () => {
  const Menu = () => null;
  open({ modules: { "lucide-react": { Section: Menu, Menu: () => "icon" } } });
  stage.stream(
    "Page",
    `const Page = () => <main><Menu size={2} /><Section title="t"><p>inside</p></Section></main>;`,
  );
  assert.equal(stage.find("main").innerHTML, "icon<p>inside</p>");
});

test("a component that fails without children is shown when its children arrive", () => {
  open();
  const index = stage.start("Page");
  const row = "function Row({ children }) { return <b>{children('x')}</b>; }\n";
  stage.feed(index, `${row}export default function Page() { return <main><Row title="t">`);
  stage.feed(index, "{(id) => <i>{id}</i>}</Row></main>; }");
  stage.stop(index);
  assert.equal(stage.find("main").innerHTML, "<b><i>x</i></b>");
});

test("a slider does not show a value before it has one", () => {
  open();
  const index = stage.start("Page");
  stage.feed(index, `function Page() { return <main><input className="s" type="range" `);
  assert.notEqual(stage.find("input").getAttribute("type"), "range");
  const node = stage.find("input");
  stage.feed(index, `value={3} readOnly /></main>; }`);
  assert.equal(stage.find("input").value, "3");
  assert.equal(stage.find("input").type, "range");
  assert.equal(stage.find("input"), node);
});
