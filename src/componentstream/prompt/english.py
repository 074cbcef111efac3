"""The texts of the prompt kit in English."""

from typing import Final

from componentstream.core import codes
from componentstream.prompt.texts import Texts

ENGLISH: Final = Texts(
    intro="Write your answer as React components, each between two marker lines that a program reads.",
    rules={
        "begin": "Begin each component with a line of this form: {start_line}",
        "finish": "End each component, the last one too, with a line of this form: {end_line}",
        "alone": (
            "A marker is alone on its line: without comment signs, list signs, quotes or emphasis around it, "
            "and without code before or behind it."
        ),
        "exact": (
            "Write {prefix}, {start} and {end} exactly like that, in the same case, with spaces between."
        ),
        "naming": (
            "A name begins with a capital letter, consists of letters, digits and underscores, and is the "
            "same "
            "in both markers. A part of a compound component has the name of the whole before it: Menu.Item."
        ),
        "attributes": (
            "Attributes follow the name in the {start} line only, separated by spaces and without commas, as "
            'key="value"; a value contains no quotation marks or apostrophes, no < > & and no backticks.'
        ),
        "fences": "Write no Markdown fences (``` or ~~~), neither around markers nor around code.",
        "whole": 'Write each component in full; never shorten its code to a comment such as "as before".',
        "props": "A section of the page takes no required props, so that it can be rendered as <Name />.",
        "quoting": "Never quote a marker line in code, comments or explanations.",
    },
    nesting={
        "sections": (
            "Each section of the page has a position. A part inside a section has none: write its markers "
            "between the code of the section and the {end} line of the section."
        ),
        "nest": (
            "End each section of the page before you begin the next. Write the markers of a part between the "
            "code of its section and the {end} line of the section."
        ),
        "close": "Never begin a component inside another; end each before you begin the next.",
        "text": "Never begin a component inside another; the line would become part of its code.",
    },
    positions="position says where on the page a component belongs: {positions}. Without it: {default}.",
    strict="A {start} line with any other position is not a marker.",
    root="A layout of the whole page, in the position root, comes last, after all sections.",
    names="These names need no import: {names}, and the components of the page. Import all others.",
    outside={
        "emit": "Text outside the components is shown to the user; write a sentence or two at most.",
        "discard": "Write nothing outside the components; it would be dropped.",
    },
    catalog="The components of this page:",
    required="required",
    parts="its parts: {parts}",
    example="An example:",
    faults="Your last answer broke rules of the markers:",
    lines={"one": "Line {line}: ", "many": "Lines {lines}: ", "more": "{lines} and {more} more"},
    parser={
        codes.MALFORMED_MARKER: (
            "a marker cannot be read. Write the keyword, the name and then the attributes, and nothing else "
            "on that line."
        ),
        codes.INVALID_NAME: (
            "the name in a marker is not valid. Begin it with a capital letter; use letters, digits and "
            "underscores."
        ),
        codes.INVALID_ATTRIBUTE: (
            'the rest of a marker is not valid. Write attributes as key="value" with spaces between, in the '
            "line that begins the component, and none of \" ' < > & and ` inside a value; write nothing "
            "behind the name in the line that ends it."
        ),
        codes.INVALID_POSITION: "the position is unknown. Use one of those in your instructions.",
        codes.MARKER_TOO_LONG: "a marker is too long. Write fewer and shorter attributes.",
        codes.NESTING_TOO_DEEP: (
            "a component begins inside too many others. End a component before you begin the next."
        ),
        codes.UNEXPECTED_END: (
            "a marker ends a component that is not open. Begin it first, and write its name the same way in "
            "both markers."
        ),
        codes.UNCLOSED_COMPONENT: (
            "a component was not ended by a marker of its own. End each component, the last one too, before "
            "the one around it."
        ),
        codes.COMPONENT_TOO_LARGE: "a component is too long. Divide it into several components.",
        codes.TOO_MANY_COMPONENTS: "the answer has too many components. Write fewer, and larger ones.",
        codes.TOO_MANY_ERRORS: (
            "the markers have too many mistakes. Read the rules in your instructions again before you write."
        ),
        codes.STREAM_TOO_LARGE: "the answer is too long. Write a shorter page.",
    },
    truncated="the answer reached the length limit before its end. Write shorter components.",
    near_miss=(
        "a line resembles a marker but is not one. Write the marker alone on its line, exactly as in your "
        "instructions."
    ),
    missing="required components of the page are missing. Write each between its two marker lines.",
    without_components="the answer has no component. Write each component between two marker lines.",
    finding="the code was objected to. Write it in another way.",
    omitted="Further mistakes are not listed.",
    again="Write the whole answer again without these mistakes, and nothing about them.",
    go_on=(
        "Your answer was cut off. Continue it with exactly the character that comes next: repeat nothing, "
        "and "
        "write no introduction and no Markdown fence."
    ),
    still_open="Still open, so not to be begun again, but to be ended: {names}.",
    ended_with="The last line so far: {line}",
)
