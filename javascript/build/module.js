// Bundles one module: the body of a function of `module`, `exports` and `require`, which requires the other bundled
// modules by their names instead of holding copies of them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { partsIn } from '../names/globals.js';

/** Gives `{ version, source, requires, metafile }`. */
export async function bundleModule(root, name, catalogue) {
  const { entry, from = name } = catalogue[name];
  const made = await build({
    absWorkingDir: root,
    // A package is required and not imported, so that it gives what `require` gives in Node.
    stdin: { contents: `module.exports = require(${JSON.stringify(entry)})`, resolveDir: join(root, 'modules') },
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    target: 'es2023',
    platform: 'browser',
    mainFields: ['browser', 'main', 'module'],
    conditions: ['browser'],
    minify: true,
    legalComments: 'none',
    plugins: [othersOutside(name, catalogue)],
    logLevel: 'error',
  });
  const outside = Object.values(made.metafile.outputs)[0].imports.filter((one) => one.external).map((one) => one.path);
  const source = made.outputFiles[0].text;
  return {
    version: from === null ? await versionOf(root, '..') : await versionOf(root, from),
    source,
    requires: requiresOf(name, outside, source).filter((path) => Object.hasOwn(catalogue, path)),
    metafile: made.metafile,
  };
}

// What is tried for and may be missing, such as `vm`, is no part of it. The globals that it names are, and a part says itself
// which others it needs.
function requiresOf(name, outside, source) {
  const parts = name.startsWith('rulemint:') ? [] : partsIn(source);
  return [...new Set([...outside, ...parts])].sort();
}

async function versionOf(root, packageName) {
  return JSON.parse(await readFile(join(root, 'node_modules', packageName, 'package.json'), 'utf8')).version;
}

function othersOutside(name, catalogue) {
  return {
    name: 'others-outside',
    setup(building) {
      building.onResolve({ filter: /^rulemint:/ }, ({ path }) => ({ path, external: true }));
      building.onResolve({ filter: /^[a-z@]/i }, ({ path }) => {
        return catalogue[name].without?.includes(path) ? { path, namespace: 'nothing' } : undefined;
      });
      building.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
      building.onResolve({ filter: /^[a-z@]/i }, async ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point') return undefined;
        const plain = path.replace(/^node:/, '').replace(/\/$/, '');
        // An adapter of ours holds the package whose name it has.
        const isHeld = plain === name || catalogue[name].inside?.includes(plain);
        if (isHeld || !Object.hasOwn(catalogue, plain)) return undefined;
        return (await isSwitchedOff(path, resolveDir)) ? undefined : { path: plain, external: true };
      });
    },
  };
}

// `"browser": { "crypto": false }`: the package does without in browsers, and so it does here.
async function isSwitchedOff(path, folder) {
  const inPackage = folder.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
  if (!inPackage) return false;
  const { browser } = JSON.parse(await readFile(join(inPackage, 'package.json'), 'utf8'));
  return browser?.[path] === false;
}
