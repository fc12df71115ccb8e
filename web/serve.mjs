// Shows the gallery with the built assets: node web/serve.mjs [port]
// On loopback only, with the product's content policy, so that what the policy
// would stop is stopped here, too. Pages link plain names (/assets/app.css);
// this puts the hashed ones in, as the templates do.
import { createServer } from "node:http";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, "..", "internal", "web", "assets", "dist");
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-gallery'; " +
  "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const server = createServer((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path.startsWith("/poll")) {
    response.writeHead(204).end();
    return;
  }
  if (request.method === "POST") {
    // The gallery has no memory: "stay" is granted for five more minutes.
    const now = new Date();
    const until = new Date(now.getTime() + 300000);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ now, until, at: until.toTimeString().slice(0, 5) }));
    return;
  }
  const name = path === "/" ? "index.html" : path.slice(1);
  const dir = name.startsWith("assets/") ? dist : join(web, "gallery");
  const file = name.replace(/^assets\//, "");
  if (!readdirSync(dir).includes(file)) {
    response.writeHead(404).end();
    return;
  }
  let body = readFileSync(join(dir, file));
  const headers = { "Content-Type": types[extname(file)], "Cache-Control": "no-store" };
  if (extname(file) === ".html") {
    const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
    body = body.toString().replace(/\/assets\/([\w.-]+)/g, (all, plain) => "/assets/" + (manifest[plain] ?? plain));
    headers["Content-Security-Policy"] = policy;
  }
  response.writeHead(200, headers).end(body);
});
server.listen(Number(process.argv[2] ?? 8099), "127.0.0.1", () => {
  console.log("http://127.0.0.1:" + server.address().port);
});
