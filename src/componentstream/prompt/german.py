"""The texts of the prompt kit in German."""

from typing import Final

from componentstream.core import codes
from componentstream.prompt.texts import Texts

GERMAN: Final = Texts(
    intro=(
        "Schreibe die Antwort als React-Komponenten, jede zwischen zwei Markerzeilen, die ein Programm liest."
    ),
    rules={
        "begin": "Beginne jede Komponente mit einer Zeile dieser Form: {start_line}",
        "finish": "Beende jede Komponente, auch die letzte, mit einer Zeile dieser Form: {end_line}",
        "alone": (
            "Ein Marker hat eine Zeile für sich: ohne Kommentarzeichen, Listenzeichen, Anführungszeichen "
            "oder "
            "Hervorhebung und ohne Code davor oder dahinter."
        ),
        "exact": (
            "Schreibe {prefix}, {start} und {end} genau so, mit denselben Groß- und Kleinbuchstaben und mit "
            "Leerzeichen dazwischen."
        ),
        "naming": (
            "Ein Name beginnt mit einem Großbuchstaben, besteht aus Buchstaben ohne Umlaute, Ziffern und "
            "Unterstrichen und ist in beiden Markern gleich. Vor dem Namen eines Teils steht der Name des "
            "Ganzen: Menu.Item."
        ),
        "attributes": (
            "Attribute folgen nur in der Zeile mit {start} auf den Namen, durch Leerzeichen und ohne Kommas "
            'getrennt, als key="value"; ein Wert enthält keine Anführungszeichen und Apostrophe, kein '
            "< > & und keine Backticks."
        ),
        "fences": "Schreibe keine Markdown-Zäune (``` oder ~~~), weder um Marker noch um Code.",
        "whole": "Schreibe jede Komponente vollständig; kürze ihren Code nie durch einen Kommentar ab.",
        "props": (
            "Ein Abschnitt der Seite hat keine Pflicht-Props, sodass er als <Name /> dargestellt werden kann."
        ),
        "quoting": "Zitiere nie eine Markerzeile in Code, Kommentaren oder Erklärungen.",
    },
    nesting={
        "sections": (
            "Jeder Abschnitt der Seite hat eine position. Ein Teil in einem Abschnitt hat keine: Schreibe "
            "seine "
            "Marker zwischen den Code des Abschnitts und die Zeile mit {end} des Abschnitts."
        ),
        "nest": (
            "Beende jeden Abschnitt der Seite, bevor du den nächsten beginnst. Schreibe die Marker eines "
            "Teils "
            "zwischen den Code seines Abschnitts und die Zeile mit {end} des Abschnitts."
        ),
        "close": "Beginne nie eine Komponente in einer anderen; beende jede, bevor du die nächste beginnst.",
        "text": "Beginne nie eine Komponente in einer anderen; die Zeile würde Teil ihres Codes.",
    },
    positions=(
        "position sagt, wohin auf der Seite eine Komponente gehört: {positions}. Ohne Angabe: {default}."
    ),
    strict="Eine Zeile mit {start} und einer anderen position ist kein Marker.",
    root="Ein Layout der ganzen Seite, mit der position root, kommt zuletzt, nach allen Abschnitten.",
    names=(
        "Diese Namen brauchen keinen Import: {names} und die Komponenten der Seite. Importiere alle anderen."
    ),
    outside={
        "emit": "Text außerhalb der Komponenten sieht der Benutzer; schreibe höchstens ein oder zwei Sätze.",
        "discard": "Schreibe nichts außerhalb der Komponenten; es würde verworfen.",
    },
    catalog="Die Komponenten dieser Seite:",
    required="erforderlich",
    parts="ihre Teile: {parts}",
    example="Ein Beispiel:",
    faults="Deine letzte Antwort hat Regeln der Marker verletzt:",
    lines={"one": "Zeile {line}: ", "many": "Zeilen {lines}: ", "more": "{lines} und {more} weitere"},
    parser={
        codes.MALFORMED_MARKER: (
            "Ein Marker ist nicht lesbar. Schreibe das Schlüsselwort, den Namen und dann die Attribute und "
            "sonst "
            "nichts in die Zeile."
        ),
        codes.INVALID_NAME: (
            "Der Name in einem Marker ist ungültig. Beginne ihn mit einem Großbuchstaben; verwende "
            "Buchstaben, "
            "Ziffern und Unterstriche."
        ),
        codes.INVALID_ATTRIBUTE: (
            'Der Rest eines Markers ist ungültig. Schreibe Attribute als key="value" mit Leerzeichen '
            "dazwischen in die Zeile, die die Komponente beginnt, ohne \" ' < > & und ` in einem Wert, und "
            "nichts hinter den Namen in der Zeile, die sie beendet."
        ),
        codes.INVALID_POSITION: "Die position ist unbekannt. Verwende eine aus deinen Anweisungen.",
        codes.MARKER_TOO_LONG: "Ein Marker ist zu lang. Schreibe weniger und kürzere Attribute.",
        codes.NESTING_TOO_DEEP: (
            "Eine Komponente beginnt in zu vielen anderen. Beende eine Komponente, bevor du die nächste "
            "beginnst."
        ),
        codes.UNEXPECTED_END: (
            "Ein Marker beendet eine Komponente, die nicht offen ist. Beginne sie zuerst und schreibe ihren "
            "Namen in beiden Markern gleich."
        ),
        codes.UNCLOSED_COMPONENT: (
            "Eine Komponente wurde nicht durch ihren eigenen Marker beendet. Beende jede Komponente, auch "
            "die "
            "letzte, vor der, in der sie liegt."
        ),
        codes.COMPONENT_TOO_LARGE: "Eine Komponente ist zu lang. Teile sie in mehrere Komponenten.",
        codes.TOO_MANY_COMPONENTS: (
            "Die Antwort hat zu viele Komponenten. Schreibe weniger und dafür größere."
        ),
        codes.TOO_MANY_ERRORS: (
            "Die Marker haben zu viele Fehler. Lies die Regeln in deinen Anweisungen noch einmal, bevor du "
            "schreibst."
        ),
        codes.STREAM_TOO_LARGE: "Die Antwort ist zu lang. Schreibe eine kürzere Seite.",
    },
    truncated="Die Antwort erreichte vor ihrem Ende die Längengrenze. Schreibe kürzere Komponenten.",
    near_miss=(
        "Eine Zeile ähnelt einem Marker, ist aber keiner. Schreibe den Marker allein in seine Zeile, genau "
        "wie "
        "in deinen Anweisungen."
    ),
    missing="Erforderliche Komponenten der Seite fehlen. Schreibe jede zwischen ihre zwei Markerzeilen.",
    without_components="Die Antwort hat keine Komponente. Schreibe jede zwischen zwei Markerzeilen.",
    finding="Der Code wurde beanstandet. Schreibe ihn anders.",
    omitted="Weitere Fehler sind nicht aufgeführt.",
    again="Schreibe die ganze Antwort noch einmal ohne diese Fehler, und nichts über sie.",
    go_on=(
        "Deine Antwort wurde abgeschnitten. Setze sie genau mit dem Zeichen fort, das als nächstes kommt: "
        "Wiederhole nichts, schreibe keine Einleitung und keinen Markdown-Zaun."
    ),
    still_open="Noch offen, also nicht noch einmal zu beginnen, sondern zu beenden: {names}.",
    ended_with="Die letzte Zeile bisher: {line}",
)
