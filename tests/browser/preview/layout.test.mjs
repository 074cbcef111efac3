/** The page of several blocks: regions, names that they share, and the root that takes them over. */

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

const SECTION = (name, words) => `function ${name}() {
  const [n, setN] = useState(0);
  return (
    <section id="${name}" style={sharedStyles.section}>
      <button onClick={() => setN(n + 1)}>${words} {n}</button>
      <input />
    </section>
  );
}
`;
const LAYOUT = `function RootLayout() {
  return (
    <div className="page">
      <Header />
      <main>
        <Hero />
        <Features />
      </main>
      <Footer />
    </div>
  );
}
`;
const STYLES = `const sharedStyles = { section: { padding: "12px", color: "navy" } };\n`;

function sendSections() {
  stage.stream("Header", SECTION("Header", "head"), { position: "header" });
  stage.stream("Hero", SECTION("Hero", "hero"), { position: "hero" });
  stage.stream("Features", SECTION("Features", "feature"), { position: "features" });
  stage.stream("Footer", SECTION("Footer", "foot"), { position: "footer" });
}

test("the root takes the sections over with their state, focus and DOM nodes, and none is shown twice or missing", () => {
  open();
  stage.stream("styles", STYLES, { position: "custom" });
  sendSections();
  stage.click("#Hero button");
  stage.type("#Features input", "typed");
  const nodes = new Map(
    ["Header", "Hero", "Features", "Footer"].map((name) => [name, stage.find(`#${name}`)]),
  );
  stage.find("#Features input").focus();
  const index = stage.start("RootLayout", { position: "root" });
  for (const letter of LAYOUT) {
    stage.feed(index, letter);
    for (const [name, node] of nodes) {
      assert.deepEqual(stage.findAll(`#${name}`), [node], `${name} is shown once, in the same node`);
    }
  }
  stage.stop(index);
  assert.equal(stage.find(".page main #Hero"), nodes.get("Hero"));
  assert.equal(stage.find("[data-region]"), null);
  assert.equal(stage.find("#Hero button").textContent, "hero 1");
  assert.equal(stage.find("#Features input").value, "typed");
  assert.equal(document.activeElement, stage.find("#Features input"));
  assert.deepEqual(
    stage.findAll(".page section").map((section) => section.id),
    ["Header", "Hero", "Features", "Footer"],
  );
  assert.deepEqual(stage.problems, []);
});

test("a section that arrives after the root is shown where the root uses it", () => {
  open();
  stage.stream("RootLayout", LAYOUT, { position: "root" });
  sendSections();
  assert.equal(stage.findAll("#Hero").length, 1);
  assert.notEqual(stage.find(".page main #Hero"), null);
});

test("a root with a place for children gets the sections that it does not use", () => {
  open();
  stage.stream("Hero", SECTION("Hero", "hero"), { position: "hero" });
  stage.click("#Hero button");
  const root = `function RootLayout({ children }) { return <div className="page"><main>{children}</main></div>; }`;
  stage.stream("RootLayout", root, { position: "root" });
  assert.equal(stage.findAll("#Hero").length, 1);
  assert.notEqual(stage.find(".page main #Hero"), null);
  assert.equal(stage.find("#Hero button").textContent, "hero 1");
});

test("what a provider of the root says reaches the sections that it has taken over", () => {
  open();
  const hero = `function Hero() { const theme = useContext(Theme); return <p id="hero">theme {theme}</p>; }`;
  stage.stream("shared", `const Theme = createContext("none");\n`, { position: "custom" });
  stage.stream("Hero", hero, { position: "hero" });
  assert.equal(stage.find("#hero").textContent, "theme none");
  const root = `function RootLayout() {
    const [theme, setTheme] = useState("light");
    return (
      <Theme.Provider value={theme}>
        <button id="switch" onClick={() => setTheme("dark")}>switch</button>
        <Hero />
      </Theme.Provider>
    );
  }`;
  stage.stream("RootLayout", root, { position: "root" });
  assert.equal(stage.find("#hero").textContent, "theme light");
  stage.click("#switch");
  assert.equal(stage.find("#hero").textContent, "theme dark");
});

for (const order of ["first", "last"]) {
  test(`a declaration of another block is seen, when it comes ${order}`, () => {
    open();
    const send = [
      () => stage.stream("styles", STYLES, { position: "custom" }),
      () => stage.stream("Hero", SECTION("Hero", "hero"), { position: "hero" }),
    ];
    for (const step of order === "first" ? send : send.reverse()) step();
    assert.equal(stage.find("#Hero").style.color, "navy");
    assert.deepEqual(stage.problems, []);
  });
}

test("a block finds another by name, imported or not, and shows its children until it arrives", () => {
  open();
  const page = `import Panel from "./Panel";
export default function Page() { return <main><Panel><p>inside</p></Panel><Other /></main>; }`;
  stage.stream("Page", page);
  assert.equal(stage.find("main").innerHTML, "<p>inside</p>");
  stage.stream(
    "Panel",
    `export default function Panel({ children }) { return <div id="panel">{children}</div>; }`,
  );
  stage.stream("Other", `const Other = () => <i>other</i>;`);
  assert.equal(stage.find("main").innerHTML, '<div id="panel"><p>inside</p></div><i>other</i>');
  assert.equal(stage.findAll("#panel").length, 1);
});

test("a nested component is shown in the region of its parent until the parent uses it", () => {
  open();
  const parent = stage.stream("Side", `function Side() { return <aside id="side">side</aside>; }`, {
    position: "sidebar",
  });
  stage.stream("Side.Item", `function SideItem() { return <p id="item">item</p>; }`, { parent });
  assert.equal(stage.find("#item").closest("[data-region]").dataset.region, "sidebar");
  stage.stream("User", `function User() { return <nav id="user"><Side.Item /></nav>; }`);
  assert.equal(stage.findAll("#item").length, 1);
  assert.notEqual(stage.find("#user #item"), null);
});
