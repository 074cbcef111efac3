/** The form: a prompt for a model, or a recording and its speed. */

import { make, part } from "./dom.js";

const SPEEDS = [0.5, 1, 2, 4, 8, 0];

export class Controls {
  #isReplay = false;

  /** Fill in the offer of the server. */
  offer({ recordings, recording, rate, authenticated, token }) {
    this.#isReplay = recordings.length > 0;
    part("replay").hidden = !this.#isReplay;
    part("names").hidden = this.#isReplay;
    part("access").hidden = !authenticated || token !== null;
    part("generate").disabled = false;
    const speeds = [...new Set([rate, ...SPEEDS])].sort((a, b) => (a || Infinity) - (b || Infinity));
    fill(part("recording"), recordings.map(({ name, title }) => [name, title]), recording); // prettier-ignore
    fill(part("speed"), speeds.map((speed) => [String(speed), speedText(speed)]), String(rate)); // prettier-ignore
    part("unused").hidden = !this.#isReplay;
    if (this.#isReplay) part("prompt").setAttribute("aria-describedby", "unused");
    this.hint("");
  }

  /** Say something below the form; nothing if the text is empty. */
  hint(text) {
    part("hint").textContent = text;
    part("hint").hidden = text === "";
  }

  /** Return the body of a request. */
  get request() {
    const prompt = part("prompt").value;
    const [project, version] = this.#isReplay ? ["recording", "speed"] : ["project", "version"];
    return { prompt, project: part(project).value, version: part(version).value };
  }

  /** Show the body of a request that was sent before. */
  choose({ prompt, project, version }) {
    const fields = this.#isReplay ? ["recording", "speed"] : ["project", "version"];
    part("prompt").value = prompt;
    part(fields[0]).value = project;
    part(fields[1]).value = version;
  }
}

function fill(select, options, chosen) {
  const before = select.value || chosen;
  select.replaceChildren(
    ...options.map(([value, text]) => {
      const option = make("option", "", text);
      option.value = value;
      option.selected = value === before;
      return option;
    }),
  );
}

function speedText(speed) {
  return speed === 0 ? "At once" : `${speed}\u00d7`;
}
