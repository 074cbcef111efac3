// Reads a stream with eventsource-parser; writes the data of each event as one line of JSON.
import { createParser } from "eventsource-parser";

const parser = createParser({
  onEvent: (event) => console.log(JSON.stringify([event.event ?? "", event.data])),
  onError: (error) => {
    throw error;
  },
});
const response = await fetch(process.argv[2]);
for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
  parser.feed(text);
}
