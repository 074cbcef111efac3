/** The components as files: copied, downloaded one by one, or all of them in one archive. */

const SUFFIX = ".tsx";
const SIGNATURE = { file: 0x04034b50, entry: 0x02014b50, end: 0x06054b50 };
const VERSION = 20;
const UTF8 = 0x0800;
const FIRST_DAY = (1 << 5) | 1;
const SIZES = { file: 30, entry: 46, end: 22 };
const POLYNOMIAL = 0xedb88320;

/** Return `[name, text]` of each component; a name that is taken, in any case, gets a number. */
export function filesOf(blocks) {
  const taken = new Set();
  return blocks
    .filter((block) => block.type === "component")
    .map(({ name, text }) => {
      let free = name;
      for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${name}-${number}`;
      taken.add(free.toLowerCase());
      return [free + SUFFIX, text];
    });
}

/** Copy a text; return whether it could be copied. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

// Without HTTPS, which other machines of a network do not have, the clipboard is reached by a selection only.
function copyBySelection(text) {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}

/** Save text or bytes as a file of the user's. */
export function download(name, data, type = "text/plain;charset=utf-8") {
  const url = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the data over when the task of the click is done.
  setTimeout(() => URL.revokeObjectURL(url));
}

/** Return the bytes of a ZIP archive of text files, stored without compression. */
export function zip(files) {
  const encoder = new TextEncoder();
  const entries = files.map(([name, text]) => {
    const data = encoder.encode(text);
    return { name: encoder.encode(name), data, checksum: crc32(data) };
  });
  const pieces = [];
  const directory = [];
  let offset = 0;
  for (const entry of entries) {
    directory.push(record("entry", entry, offset), entry.name);
    const header = record("file", entry, offset);
    pieces.push(header, entry.name, entry.data);
    offset += header.length + entry.name.length + entry.data.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  return joined([...pieces, ...directory, endRecord(entries.length, size, offset)]);
}

// The local header and the entry of the directory have the same fields in the middle.
function record(kind, { name, data, checksum }, offset) {
  const bytes = new Uint8Array(SIZES[kind]);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SIGNATURE[kind], true);
  const isEntry = kind === "entry";
  if (isEntry) view.setUint16(4, VERSION, true);
  const at = isEntry ? 6 : 4;
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint16(at + 8, FIRST_DAY, true);
  view.setUint32(at + 10, checksum, true);
  view.setUint32(at + 14, data.length, true);
  view.setUint32(at + 18, data.length, true);
  view.setUint16(at + 22, name.length, true);
  if (isEntry) view.setUint32(42, offset, true);
  return bytes;
}

function endRecord(number, size, offset) {
  const bytes = new Uint8Array(SIZES.end);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SIGNATURE.end, true);
  view.setUint16(8, number, true);
  view.setUint16(10, number, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

function joined(pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  }
  return ~sum >>> 0;
}
