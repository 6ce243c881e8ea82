// Bundles one module: the body of a function of `module`, `exports` and `require`, which requires the other bundled
// modules by their names instead of holding copies of them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { partOfGlobal } from '../names/parts.js';

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
  const outside = Object.values(made.metafile.outputs)[0].imports.filter((one) => one.external);
  return {
    version: from === null ? await versionOf(root, '..') : await versionOf(root, from),
    source: made.outputFiles[0].text,
    // What is tried for and may be missing, such as `vm`, is no part of it.
    requires: [...new Set([...outside.map((one) => one.path), ...partsNamed(name, made.outputFiles[0].text)])]
      .filter((path) => path !== name && Object.hasOwn(catalogue, path))
      .sort(),
    metafile: made.metafile,
  };
}

// The modules that hold globals which a source names: `Buffer`, and neither `x.Buffer` nor `'Buffer'` nor `{ Buffer: … }`.
// Those that hold globals themselves say what they require.
function partsNamed(name, source) {
  if (name.startsWith('rulemint:')) return [];
  const isNamed = (global) => new RegExp(`(?<![.\\w$'"\`])${global}(?![\\w$:])`).test(source);
  return Object.keys(partOfGlobal).filter(isNamed).map((global) => partOfGlobal[global]);
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
        if (plain === name || plain === catalogue[name].holds || !Object.hasOwn(catalogue, plain)) return undefined;
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
