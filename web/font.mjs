// Makes our two font files from Source Sans 3.
//
// The package holds every script and style (170 KB for the upright variable
// font). Members need Latin letters, so we cut it twice: "sans" for what our
// four languages write, "sans-ext" for the letters of other European names,
// which a browser fetches only when a page holds one (unicode-range).
//
// The Open Font License keeps the name "Source" for the unchanged font, and a
// cut font is a changed one. So ours is named "Aditus Sans" inside the file and
// in the style sheet; its copyright and licence entries stay as they are.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const subsetFont = require("subset-font");
const fontverter = require("fontverter");

const span = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join("");

// Figures stand in one width where we ask (tnum); marks and kerning stay; the
// rest of the features would double the file and nobody would see them.
const features = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum"];

/** The characters of each file. app.scss repeats them as unicode-range. */
export const subsets = {
  // Latin 1, œ Œ Ÿ, the hyphens and dashes (U+2011 in "e‑mail"), quotation
  // marks, the bullet of masked values, narrow and figure spaces, €, minus.
  "sans": span(0x20, 0x7e) + span(0xa0, 0xff) +
    "ŒœŸ\u2007\u2009‐‑‒–—‘’‚“”„•…\u202f‹›€−←→✓",
  // Latin Extended-A and the Romanian letters; ẞ is not used in our texts but
  // may stand in a name.
  "sans-ext": (span(0x100, 0x17f) + "ȘșȚțẞ").replace(/[ŒœŸ]/g, ""),
};

/** Returns {sans: Buffer, "sans-ext": Buffer}, woff2. */
export async function makeFonts() {
  const dir = "source-sans/WOFF2/VF/SourceSans3VF-Upright.ttf.woff2";
  const source = await fontverter.convert(readFileSync(require.resolve(dir)), "sfnt");
  const fonts = {};
  for (const [name, text] of Object.entries(subsets)) {
    const cut = await subsetFont(source, text, {
      targetFormat: "sfnt",
      keepFeatures: features,
      preserveNameIds: [13, 14],
    });
    fonts[name] = await fontverter.convert(rename(cut), "woff2");
  }
  return fonts;
}

const keep = new Set([0, 7, 13, 14]); // copyright, trade mark, licence, its address

// rename rewrites the name table: "Source Sans 3" in every spelling becomes
// "Aditus Sans", but for the entries that say whose work it is.
function rename(font) {
  const tables = readTables(font);
  const old = tables.get("name");
  const count = old.readUInt16BE(2);
  const strings = old.readUInt16BE(4);
  const head = Buffer.alloc(6 + 12 * count);
  const texts = [];
  let offset = 0;
  head.writeUInt16BE(count, 2);
  head.writeUInt16BE(head.length, 4);
  for (let i = 0; i < count; i++) {
    const at = 6 + 12 * i;
    old.copy(head, at, at, at + 12);
    if (old.readUInt16BE(at) !== 3) throw new Error("font: a name that is not UTF-16");
    const from = strings + old.readUInt16BE(at + 10);
    let text = Buffer.from(old.subarray(from, from + old.readUInt16BE(at + 8))).swap16().toString("utf16le");
    if (!keep.has(old.readUInt16BE(at + 6))) {
      text = text.replace(/Source ?Sans ?3(VF)?/g, (m) => (m.includes(" ") ? "Aditus Sans" : "AditusSans"));
    }
    const bytes = Buffer.from(text, "utf16le").swap16();
    head.writeUInt16BE(bytes.length, at + 8);
    head.writeUInt16BE(offset, at + 10);
    offset += bytes.length;
    texts.push(bytes);
  }
  tables.set("name", Buffer.concat([head, ...texts]));
  return writeTables(font.readUInt32BE(0), tables);
}

function readTables(font) {
  const tables = new Map();
  for (let i = 0; i < font.readUInt16BE(4); i++) {
    const at = 12 + 16 * i;
    const from = font.readUInt32BE(at + 8);
    tables.set(font.toString("latin1", at, at + 4), Buffer.from(font.subarray(from, from + font.readUInt32BE(at + 12))));
  }
  return tables;
}

// writeTables lays the tables out again, with the sums the format asks for
// (OpenType, "Organization of an OpenType font").
function writeTables(version, tables) {
  const padded = (n) => (n + 3) & ~3;
  const sum = (b) => {
    let s = 0;
    for (let i = 0; i < b.length; i += 4) s = (s + b.readUInt32BE(i)) >>> 0;
    return s;
  };
  const tags = [...tables.keys()].sort();
  const power = 2 ** Math.floor(Math.log2(tags.length));
  const top = Buffer.alloc(12 + 16 * tags.length);
  top.writeUInt32BE(version, 0);
  top.writeUInt16BE(tags.length, 4);
  top.writeUInt16BE(power * 16, 6);
  top.writeUInt16BE(Math.log2(power), 8);
  top.writeUInt16BE((tags.length - power) * 16, 10);
  const parts = [top];
  let offset = top.length;
  let headAt = 0;
  tags.forEach((tag, i) => {
    const data = tables.get(tag);
    const part = Buffer.alloc(padded(data.length));
    data.copy(part);
    if (tag === "head") {
      headAt = offset;
      part.writeUInt32BE(0, 8);
    }
    top.write(tag, 12 + 16 * i, "latin1");
    top.writeUInt32BE(sum(part), 12 + 16 * i + 4);
    top.writeUInt32BE(offset, 12 + 16 * i + 8);
    top.writeUInt32BE(data.length, 12 + 16 * i + 12);
    parts.push(part);
    offset += part.length;
  });
  const font = Buffer.concat(parts);
  font.writeUInt32BE((0xb1b0afba - sum(font)) >>> 0, headAt + 8);
  return font;
}
