// Bundles the page into the directory named on the command line.
import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? `${here}dist`;

await build({
  entryPoints: [`${here}src/client.js`],
  outfile: `${out}/client.js`,
  bundle: true,
  format: "esm",
  target: "chrome120",
  // Without this order esbuild takes the Node halves of the AWS SDK that the client depends on.
  mainFields: ["browser", "module", "main"],
  define: { global: "globalThis" },
  logLevel: "warning",
});
await copyFile(`${here}index.html`, `${out}/index.html`);
