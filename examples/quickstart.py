"""Parse an answer that arrives in arbitrary chunks, and print each event as a browser would receive it."""

import json

from componentstream import parse

chunks = ["Here it is:\n/", "// STA", "RT Hero posi", "tion=hero\n<h1>Hel", "lo</h1>\n//", "/ END He", "ro\n"]

for event in parse(chunks):
    print(json.dumps(event.to_dict()))
