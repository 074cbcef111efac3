/** Light or dark: as the system says, or as the person has chosen on this page. */

const KEY = "componentstream demo theme";
const THEMES = ["auto", "light", "dark"];

/** Watch the choice of themes; call `onChange` with each new one. Returns the first. */
export function watchTheme(inputs, onChange) {
  let theme = read();
  document.documentElement.dataset.theme = theme;
  for (const input of inputs) {
    input.checked = input.value === theme;
    input.addEventListener("change", () => {
      theme = input.value;
      document.documentElement.dataset.theme = theme;
      write(theme);
      onChange(theme);
    });
  }
  return theme;
}

function read() {
  try {
    const theme = localStorage.getItem(KEY);
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto"; // storage may be switched off
  }
}

function write(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // then the choice holds until the page is closed
  }
}
