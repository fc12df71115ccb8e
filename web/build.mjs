// Builds the web assets into internal/web/assets/dist.
//
//   node build.mjs          build
//   node build.mjs --check  build elsewhere and compare; exit 1 on a difference
//
// The output is committed, so that Go alone builds the product. It is the same
// bytes on each run: versions are pinned by the lock, nothing holds a date or a
// path. Names carry the first 10 hex digits of the content's SHA-256, so a
// browser may keep a file for ever.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";
import { makeFonts } from "./font.mjs";

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, "..", "internal", "web", "assets", "dist");
// Browsers of 2021 on; older ones get the page without what they cannot read.
const browsers = ["chrome99", "firefox102", "safari15.4"];

if (process.argv.includes("--check")) {
  const temp = mkdtempSync(join(tmpdir(), "aditus-assets-"));
  try {
    await build(temp);
    const changed = differences(dist, temp);
    if (changed.length > 0) {
      console.error("internal/web/assets/dist is not what web/ builds: " + changed.join(", "));
      process.exitCode = 1;
    }
    checkLock();
  } finally {
    rmSync(temp, { recursive: true });
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  const files = await build(dist);
  for (const [name, size] of files) console.log(String(size).padStart(8), name);
}

// build writes every file into dir and returns [name, bytes] of each.
async function build(dir) {
  mkdirSync(dir, { recursive: true });
  const manifest = {};
  const sizes = [];
  const put = (logical, bytes) => {
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
    const name = logical.replace(/\.(\w+)$/, `.${hash}.$1`);
    manifest[logical] = name;
    write(name, bytes);
  };
  const write = (name, bytes) => {
    writeFileSync(join(dir, name), bytes);
    sizes.push([name, bytes.length]);
  };

  const fonts = await makeFonts();
  for (const [name, bytes] of Object.entries(fonts)) put(`${name}.woff2`, bytes);
  for (const name of readdirSync(join(web, "src")).sort()) {
    if (name.endsWith(".svg")) put(name, Buffer.from(readFileSync(join(web, "src", name), "utf8").trim()));
  }
  put("app.css", await styles(manifest));
  put("app.js", await script("app.js"));
  put("worker.js", await script("worker.js"));

  put("LICENSES.txt", Buffer.from(licences()));
  write("manifest.json", Buffer.from(JSON.stringify(manifest, Object.keys(manifest).sort(), 2) + "\n"));
  return sizes;
}

async function styles(manifest) {
  const { css } = sass.compile(join(web, "src", "app.scss"), {
    loadPaths: [join(web, "node_modules")],
    style: "expanded",
    quietDeps: true,
    charset: false,
  });
  // govuk writes each colour as var(--name, value). _tokens.scss sets every
  // variable, so the values are dead weight: a tenth of the sheet.
  const plain = css
    .replace(/var\((--govuk-[a-z-]+), #[0-9a-f]{3,8}\)/g, "var($1)")
    .replace(/url\("([\w-]+\.woff2)"\)/g, (_, name) => `url("${manifest[name]}")`);
  const { code } = await esbuild.transform(plain, {
    loader: "css",
    minify: true,
    target: browsers,
    legalComments: "none",
  });
  return Buffer.from(code);
}

async function script(name) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(web, "src", name)],
    absWorkingDir: web,
    bundle: true,
    minify: true,
    format: "esm",
    target: browsers,
    legalComments: "none",
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

// licences joins the notices that the MIT licence and the Open Font License ask
// to hand on. govuk-frontend's package holds no licence file: its text stands
// in src/LICENSE-govuk-frontend.txt, as its authors publish it.
function licences() {
  const read = (...path) => readFileSync(join(web, ...path), "utf8").replace(/\r\n/g, "\n").trim();
  const line = "\n\n" + "=".repeat(72) + "\n\n";
  return [
    "The style sheet and the script hold parts of govuk-frontend (MIT).\n" +
      "The fonts are cut from Source Sans 3 and renamed Aditus Sans (SIL OFL 1.1).\n" +
      "Aditus has no tie to GOV.UK and uses none of its marks, colours or fonts.",
    "govuk-frontend\n\n" + read("src", "LICENSE-govuk-frontend.txt"),
    "Source Sans 3\n\n" + read("node_modules", "source-sans", "LICENSE.md"),
  ].join(line) + "\n";
}

function differences(a, b) {
  const names = new Set([...list(a), ...list(b)]);
  return [...names].sort().filter((name) => {
    try {
      return !readFileSync(join(a, name)).equals(readFileSync(join(b, name)));
    } catch {
      return true;
    }
  });
}

function list(dir) {
  try {
    return readdirSync(dir, { recursive: true }).map((name) => relative(".", name));
  } catch {
    return [];
  }
}

// checkLock keeps addresses of registries and sponsors out of the lock; after
// an npm install, "npm run lock" takes them out again.
function checkLock() {
  if (/https?:\/\/|"resolved"/.test(readFileSync(join(web, "package-lock.json"), "utf8"))) {
    console.error("web/package-lock.json holds addresses: run npm run lock");
    process.exitCode = 1;
  }
}
