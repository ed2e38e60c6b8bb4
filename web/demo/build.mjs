// Bundles the page into the directory named on the command line.
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? `${here}dist`;

await mkdir(out, { recursive: true });
await build({
  entryPoints: [`${here}src/main.js`, `${here}src/style.css`],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16"],
  // Without this order esbuild takes the Node halves of the AWS SDK that the client depends on.
  mainFields: ["browser", "module", "main"],
  define: { global: "globalThis" },
  legalComments: "linked",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) await copyFile(`${here}src/${file}`, `${out}/${file}`);
