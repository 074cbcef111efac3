"""Code with triple slashes is text: none of its comments is recovered as a marker."""

import json
from pathlib import Path

import pytest

from componentstream import (
    ComponentParser,
    ContentBlockDelta,
    ContentBlockStart,
    ErrorEvent,
    TextBlock,
    parse,
)
from componentstream.testing import assert_cut_invariant

RECORDINGS = sorted(Path(__file__).parents[1].glob("examples/data/*.jsonl"))

TYPESCRIPT = [
    '/// <reference path="./globals.d.ts" />\nimport { start } from "./app";\n',
    '/// <reference types="node" />\n/// <reference types="vite/client" />\n',
    '/// <reference lib="es2022" />\ndeclare const END: unique symbol;\n',
    '/// <reference no-default-lib="true"/>\n/// <amd-module name="Start" />\n',
    '/// <amd-dependency path="legacy/START" name="start" />\ndeclare var start: Start;\n',
    '///<reference path="START.ts"/>\n///<reference path="END.ts"/>\n',
    "/// @ts-check\n/// STARTs it.\nexport function start() {}\n/// ENDs it.\nexport function end() {}\n",
    "/// START of the reducer\nswitch (action.type) {\n  case START: return 1;\n}\n/// END of the reducer\n",
    "/// START of generated code, do not edit\nexport type A = 1;\n/// END of generated code\n",
    "/// START - the store\nconst store = create();\n/// END - the store\n",
    "/// START: the store\nconst store = create();\n/// END: the store\n",
    "/// START -----------------------------\nlet a = 1;\n",
    "/// START <Header>\nexport const Header = () => <header/>;\n/// END <Header>\n",
    "/// START (helpers)\nconst id = <T,>(x: T) => x;\n/// END (helpers)\n",
    "/// START `position=hero` is read by the page\nconst position = 'hero';\n",
    "/// START @param position = the place\nfunction place(position: string) {}\n",
    '/// START "x=1" is how a query begins\nconst query = "x=1";\n',
    "/// START with the smallest, end with the largest\nitems.sort();\n",
    "// START Then\n// END Then\n//// START Then\n//// END Then\n",
    "/// start Hero position=hero\n/// end Hero\n/// Start Hero;\n/// End Hero;\n",
]
RUST = [
    "/// Starts the server and blocks until it ENDs.\npub fn run() {}\n",
    "/// START of the algorithm\n/// Splits the slice in two halves.\nfn split() {}\n",
    "/// START is the first offset, END is the one behind the last.\npub struct Range(usize, usize);\n",
    "/// START Then loop until nothing is left.\nloop { break; }\n",
    "/// START Here is where parsing begins.\nfn parse() {}\n",
    "/// # Examples\n///\n/// ```\n/// let range = START..END;\n/// ```\nfn f() {}\n",
    "/// START => END\n/// END => START\nenum State { Start, End }\n",
    "/// START/END markers are kept.\nconst KEEP: bool = true;\n",
    "/// START..END\nconst A: Range<u8> = START..END;\n",
    "/// START, then END.\nfn both() {}\n",
    "/// START 0 and END 10 give ten steps.\nconst STEPS: u8 = 10;\n",
    "/// START 1. Read the header.\n/// START 2. Read the body.\nfn read() {}\n",
    "/// START Phase 2: parse the header\nfn header() {}\n",
    "/// START [`Parser`] from scratch.\nfn reset() {}\n",
    "/// END of file reached.\nconst EOF: u8 = 0;\n",
    "/// END Of the road, nothing follows.\nconst LAST: u8 = 0;\n",
    "/// END REGION of the mapped memory\nconst LIMIT: usize = 0;\n",
    "/// END's value is exclusive.\nconst END: u8 = 9;\n",
    "/// Returns `START` when `x = 1`, `END` otherwise.\nfn which(x: u8) -> Token { END }\n",
    "    /// START of the tail\n    tail: *const u8,\n    /// END of the tail\n    end: *const u8,\n",
    "//! START A position=hero\n//! END A\n/* /// START A */\n",
    "/// START \u2192 END, the only transition\nfn step() {}\n",
    "/// START \u00c9tape par \u00e9tape, x=1\nfn pas() {}\n",
]
CSHARP = [
    "/// <summary>\n/// START of the request\n/// </summary>\npublic void Begin() { }\n",
    "/// <summary>START the timer.</summary>\npublic void Start() { }\n",
    "/// <summary>\n/// Ends the session.\n/// </summary>\npublic void End() { }\n",
    '/// <param name="START">First index.</param>\n/// <param name="END">Last.</param>\nvoid Cut() { }\n',
    '/// <remarks>\n/// END of life: use <see cref="Stop"/>.\n/// </remarks>\nvoid Kill() { }\n',
    '/// START <see cref="Engine"/> position="first"\nvoid Run() { }\n',
    "/// <code>\n/// START <Hero>\n/// END <Hero>\n/// </code>\nclass Docs { }\n",
    "/// START When the handle is open\nif (open) { }\n",
    "/// START Using a pool of threads\nvar pool = new Pool();\n",
    "/// START Block of constants that the linker reads\nconst int A = 1;\n",
    "/// START If (x == 1) then the loop below runs\nwhile (x == 1) { }\n",
    '/// START Region "Fields"\nint a;\n',
    "/// START Section 4.2 of the contract\nint b;\n",
    "/// START Don't touch these lines\nint c;\n",
    "/// START TODO remove after the release\nint d;\n",
    "/// START Hero's journey\nint e;\n",
    "/// START Hero. position=hero is what it gets\nint f;\n",
    "/// START Hero-Section\nint g;\n/// END Hero-Section\n",
    "/// END Hero-Section\n/// END Herosection\n/// END Hero_2\n",
    "/// START-UP code\n/// END-USER text\nint h;\n",
    "/// STARTING POSITION=HERO\n/// ENDING\nint i;\n",
    "/// START\nint j;\n",
    "/// START    \t\nint k;\n/// START ---\nint l;\n",
    "/// START Loop body\nx++;\n/// END\n",
    "/// START Helpers below\nint n;\n/// END ---\n",
]
# Inside a component a bare END closes it, so these are text outside only.
BARE_ENDS = [
    "/// START of the algorithm\nlet a = 1;\n/// END\n",
    "/// START\nint a;\n/// END\n",
    "/// END\n",
    "/// END ---------------------\n",
    "/// START of it\nlet b = 2;\n/// END ***\n",
]
TEXTS = [*TYPESCRIPT, *RUST, *CSHARP]


def read(text):
    assert_cut_invariant(ComponentParser, text)
    events = list(parse([text]))
    return events, [event for event in events if isinstance(event, ErrorEvent) and event.recovered]


@pytest.mark.parametrize("text", [*TEXTS, *BARE_ENDS])
def test_code_outside_is_text(text):
    events, recovered = read(text)
    assert recovered == []
    starts = [event.block for event in events if isinstance(event, ContentBlockStart)]
    assert starts == [TextBlock()]
    assert "".join(event.text for event in events if isinstance(event, ContentBlockDelta)) == text.lstrip()


@pytest.mark.parametrize("text", TEXTS)
def test_code_inside_is_the_content_of_its_component(text):
    events, recovered = read(f"/// START Docs position=main\n{text}/// END Docs\n")
    assert recovered == []
    assert [event.block.name for event in events if isinstance(event, ContentBlockStart)] == ["Docs"]
    assert "".join(event.text for event in events if isinstance(event, ContentBlockDelta)) == text


def test_there_are_many_texts():
    assert len({*TEXTS, *BARE_ENDS}) >= 70


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_recordings_are_not_recovered(path):
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    events, recovered = read("".join(record["text"] for record in records if "text" in record))
    assert any(isinstance(event, ContentBlockStart) for event in events)
    assert recovered == []
