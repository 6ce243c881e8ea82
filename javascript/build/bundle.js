// Makes the files of `dist/` from their sources and from the npm packages that package-lock.json pins.
//
//   node build/bundle.js [folder]     the folder is `dist` where none is named

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { catalogue } from './catalogue.js';
import { licencesOf } from './licences.js';
import { bundleModule } from './module.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const used = new Set();

await mkdir(dist, { recursive: true });
await writeFile(join(dist, 'runtime.js'), await bundleScript('runtime/main.js'));
await writeFile(join(dist, 'analyse.js'), await bundleScript('analyse/main.js'));
await writeFile(join(dist, 'modules.json.gz'), await packedModules());
await writeFile(join(dist, 'LICENSES.txt'), await licencesOf(root, used));

async function bundleScript(entry) {
  const made = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    target: 'es2023',
    platform: 'browser',
    minify: true,
    logOverride: { 'commonjs-variable-in-esm': 'error' },
    legalComments: 'none',
    define: { BUNDLED: JSON.stringify(Object.keys(catalogue).filter((name) => !name.startsWith('rulemint:'))) },
  });
  remember(made.metafile);
  return made.outputFiles[0].text;
}

async function packedModules() {
  const modules = {};
  for (const name of Object.keys(catalogue).sort()) {
    const { metafile, ...module } = await bundleModule(root, name, catalogue);
    remember(metafile);
    modules[name] = module;
  }
  // The level is named and node:zlib writes no time, so the same modules give the same bytes.
  return gzipSync(JSON.stringify(modules, null, 1), { level: 9 });
}

function remember(metafile) {
  for (const input of Object.keys(metafile.inputs)) used.add(input);
}
